// CSV and JSON lines: events as `vsm replay` and `vsm emit --jsonl` read them again, and visits a row each. A CSV says
// in its first line which columns it has, so the journal is read twice for it: once for the names alone.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cmd.h"
#include "export.h"
#include "logs.h"

enum { COLUMNS_MAX = 290 }; // of data; `vsm replay` reads 300 in all

struct columns {
  char *name[COLUMNS_MAX];
  size_t n;
};

struct flat {
  struct vsm_exporting *x;
  struct columns columns;
};

// --- CSV

static void put_cell(FILE *out, struct vsm_str text) {
  bool plain = true;
  if (text.n == 0)
    return;
  for (size_t i = 0; i < text.n && plain; i++)
    plain = !strchr(",\"\r\n", text.p[i]);
  if (plain) {
    fwrite(text.p, 1, text.n, out);
    return;
  }
  putc('"', out);
  for (size_t i = 0; i < text.n; i++) {
    if (text.p[i] == '"')
      putc('"', out);
    putc(text.p[i], out);
  }
  putc('"', out);
}

static void put_cells(FILE *out, const struct vsm_str *cells, size_t n) {
  for (size_t i = 0; i < n; i++) {
    if (i > 0)
      putc(',', out);
    put_cell(out, cells[i]);
  }
}

static long column_of(const struct columns *k, struct vsm_str name) {
  for (size_t i = 0; i < k->n; i++)
    if (vsm_str_eq(vsm_str_of(k->name[i]), name))
      return (long)i;
  return -1;
}

static int note_columns(void *ctx, const struct vsm_kept_event *e) {
  struct columns *k = &((struct flat *)ctx)->columns;
  for (uint32_t i = 0; i < e->event->n_attrs; i++) {
    struct vsm_str key = e->event->attrs[i].key;
    if (key.n == 0 || e->event->attrs[i].value.n == 0 || column_of(k, key) >= 0)
      continue;
    if (k->n == COLUMNS_MAX) {
      fprintf(stderr, "vsm: the events have more than %d different attributes, and CSV a column for each; take jsonl\n",
              COLUMNS_MAX);
      return VSM_FAILED;
    }
    k->name[k->n] = vsm_mem_alloc(key.n + 1);
    memcpy(k->name[k->n++], key.p, key.n);
  }
  return VSM_DONE;
}

static int put_row(void *ctx, const struct vsm_kept_event *e) {
  struct flat *f = ctx;
  char time[VSM_EXPORT_TIME_BYTES];
  struct vsm_str data[COLUMNS_MAX] = {{0}};
  const struct vsm_str fixed[] = {e->event->source, e->event->id, e->event->type, e->event->subject,
                                  vsm_str_of(vsm_export_time(e->time_unix_nano, time))};
  put_cells(f->x->out, fixed, sizeof fixed / sizeof *fixed);
  for (uint32_t i = 0; i < e->event->n_attrs; i++) {
    long at = column_of(&f->columns, e->event->attrs[i].key);
    if (at >= 0)
      data[at] = e->event->attrs[i].value; // of a key given twice the last holds
  }
  if (f->columns.n > 0) {
    putc(',', f->x->out);
    put_cells(f->x->out, data, f->columns.n);
  }
  putc('\n', f->x->out);
  f->x->n++;
  return VSM_DONE;
}

static void put_name(FILE *out, const char *key) {
  char *taken = NULL;
  if (vsm_csv_is_taken(vsm_str_of(key)))
    vsm_mem_need(asprintf(&taken, VSM_CSV_DATA "%s", key) >= 0 ? taken : NULL, strlen(key));
  putc(',', out);
  put_cell(out, vsm_str_of(taken ? taken : key));
  free(taken);
}

int vsm_export_csv_events(struct vsm_exporting *x) {
  struct flat f = {.x = x};
  int status = vsm_export_each_event(x, (struct vsm_export_span){0, 0.4}, note_columns, &f);
  if (!status) {
    fputs("source,id,type,subject,time", x->out);
    for (size_t i = 0; i < f.columns.n; i++)
      put_name(x->out, f.columns.name[i]);
    putc('\n', x->out);
    status = vsm_export_each_event(x, (struct vsm_export_span){0.4, 1}, put_row, &f);
  }
  for (size_t i = 0; i < f.columns.n; i++)
    free(f.columns.name[i]);
  return status;
}

// --- JSON lines

static void put_member(FILE *out, const char *lead, const char *name, struct vsm_str text) {
  fprintf(out, "%s\"%s\": ", lead, name);
  vsm_text_json(out, text.p, text.n);
}

static int put_line(void *ctx, const struct vsm_kept_event *e) {
  struct vsm_exporting *x = ctx;
  char time[VSM_EXPORT_TIME_BYTES];
  const char *comma = "";
  put_member(x->out, "{", "specversion", VSM_STR("1.0"));
  if (e->event->id.n > 0) // one that was made up could be taken for the sender's by a rule
    put_member(x->out, ", ", "id", e->event->id);
  put_member(x->out, ", ", "source", e->event->source);
  put_member(x->out, ", ", "type", e->event->type);
  put_member(x->out, ", ", "subject", e->event->subject);
  put_member(x->out, ", ", "time", vsm_str_of(vsm_export_time(e->time_unix_nano, time)));
  fputs(", \"data\": {", x->out);
  for (uint32_t i = 0; i < e->event->n_attrs; i++) {
    if (vsm_export_is_hidden(e->event, i))
      continue;
    fputs(comma, x->out);
    vsm_text_json(x->out, e->event->attrs[i].key.p, e->event->attrs[i].key.n);
    fputs(": ", x->out);
    vsm_text_json(x->out, e->event->attrs[i].value.p, e->event->attrs[i].value.n);
    comma = ", ";
  }
  fputs("}}\n", x->out);
  x->n++;
  return VSM_DONE;
}

int vsm_export_jsonl_events(struct vsm_exporting *x) {
  return vsm_export_each_event(x, (struct vsm_export_span){0, 1}, put_line, x);
}

// --- visits

static int put_visit_row(void *ctx, const struct vsm_export_visit *v) {
  struct vsm_exporting *x = ctx;
  char entered[VSM_EXPORT_TIME_BYTES], left[VSM_EXPORT_TIME_BYTES], seconds[3][VSM_EXPORT_TIME_BYTES], number[16];
  snprintf(number, sizeof number, "%u", v->number);
  const struct vsm_str cells[] = {vsm_str_of(v->stream->id),
                                  v->item->item,
                                  vsm_str_of(number),
                                  vsm_str_of(v->visit->stage),
                                  vsm_str_of(vsm_export_time((uint64_t)v->visit->entered.us * 1000, entered)),
                                  vsm_str_of(vsm_export_time((uint64_t)v->visit->left.us * 1000, left)),
                                  vsm_str_of(vsm_how_name(v->visit->how)),
                                  vsm_str_of(v->visit->rework ? "1" : "0"),
                                  vsm_str_of(v->visit->unobserved ? "1" : "0"),
                                  vsm_str_of(vsm_export_seconds(v->visit->queued_us, seconds[0])),
                                  vsm_str_of(vsm_export_seconds(v->visit->active_us, seconds[1])),
                                  vsm_str_of(vsm_export_seconds(v->visit->suspended_us, seconds[2]))};
  put_cells(x->out, cells, sizeof cells / sizeof *cells);
  putc('\n', x->out);
  return VSM_DONE;
}

int vsm_export_csv_visits(struct vsm_exporting *x) {
  fputs("value_stream,item,visit,stage,entered,left,how,rework,unobserved,queue_seconds,active_seconds,"
        "suspended_seconds\n",
        x->out);
  return vsm_export_each_visit(x, put_visit_row, x);
}

static int put_visit_line(void *ctx, const struct vsm_export_visit *v) {
  struct vsm_exporting *x = ctx;
  char text[VSM_EXPORT_TIME_BYTES];
  put_member(x->out, "{", "value_stream", vsm_str_of(v->stream->id));
  put_member(x->out, ", ", "item", v->item->item);
  fprintf(x->out, ", \"visit\": %u", v->number);
  put_member(x->out, ", ", "stage", vsm_str_of(v->visit->stage));
  put_member(x->out, ", ", "entered", vsm_str_of(vsm_export_time((uint64_t)v->visit->entered.us * 1000, text)));
  put_member(x->out, ", ", "left", vsm_str_of(vsm_export_time((uint64_t)v->visit->left.us * 1000, text)));
  put_member(x->out, ", ", "how", vsm_str_of(vsm_how_name(v->visit->how)));
  fprintf(x->out, ", \"rework\": %s, \"unobserved\": %s", v->visit->rework ? "true" : "false",
          v->visit->unobserved ? "true" : "false");
  fprintf(x->out, ", \"queue_seconds\": %s", vsm_export_seconds(v->visit->queued_us, text));
  fprintf(x->out, ", \"active_seconds\": %s", vsm_export_seconds(v->visit->active_us, text));
  fprintf(x->out, ", \"suspended_seconds\": %s}\n", vsm_export_seconds(v->visit->suspended_us, text));
  return VSM_DONE;
}

int vsm_export_jsonl_visits(struct vsm_exporting *x) {
  return vsm_export_each_visit(x, put_visit_line, x);
}
