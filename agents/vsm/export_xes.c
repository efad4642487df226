// XES (IEEE 1849): log > trace > event. A trace is an item of a value stream, so its events, which lie anywhere in the
// journal, are brought together on disk first, as the text that they become. An event about several items stands with
// the first of them alone, so that each event is there once; one about no item stands behind the traces, in none.
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "bag.h"
#include "cmd.h"
#include "export.h"
#include "xml_key.h"

static const char HEAD[] =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
    "<log xes.version=\"1849.2016\" xes.features=\"\">\n"
    "<extension name=\"Concept\" prefix=\"concept\" uri=\"http://www.xes-standard.org/concept.xesext\"/>\n"
    "<extension name=\"Lifecycle\" prefix=\"lifecycle\" uri=\"http://www.xes-standard.org/lifecycle.xesext\"/>\n"
    "<extension name=\"Time\" prefix=\"time\" uri=\"http://www.xes-standard.org/time.xesext\"/>\n"
    "<global scope=\"trace\">\n<string key=\"concept:name\" value=\"\"/>\n</global>\n"
    "<global scope=\"event\">\n<string key=\"concept:name\" value=\"\"/>\n"
    "<date key=\"time:timestamp\" value=\"1970-01-01T00:00:00Z\"/>\n</global>\n"
    "<classifier name=\"Activity\" scope=\"event\" keys=\"concept:name\"/>\n"
    "<string key=\"lifecycle:model\" value=\"standard\"/>\n";

// --- texts

// Characters that XML has no way to write: controls, and the two that are no characters.
static bool is_impossible(const char *p, size_t left) {
  unsigned char c = (unsigned char)*p;
  if (c < 0x20)
    return c != '\t' && c != '\n' && c != '\r';
  return left >= 3 && c == 0xef && (unsigned char)p[1] == 0xbf && (unsigned char)p[2] >= 0xbe;
}

static void put_text(struct vsm_exporting *x, FILE *out, struct vsm_str text) {
  bool replaced = false;
  for (size_t i = 0; i < text.n; i++) {
    char c = text.p[i];
    if (is_impossible(text.p + i, text.n - i)) {
      fputs("\xef\xbf\xbd", out);
      i += (unsigned char)c == 0xef ? 2 : 0;
      replaced = true;
    } else if (strchr("<>&\"\t\n\r", c)) {
      fprintf(out, "&#%d;", c);
    } else {
      putc(c, out);
    }
  }
  x->replaced += replaced;
}

static void put(struct vsm_exporting *x, FILE *out, const char *type, const char *key, struct vsm_str value) {
  if (value.n == 0)
    return;
  fprintf(out, "<%s key=\"%s\" value=\"", type, key);
  put_text(x, out, value);
  fputs("\"/>\n", out);
}

static void put_z(struct vsm_exporting *x, FILE *out, const char *type, const char *key, const char *value) {
  put(x, out, type, key, vsm_str_of(value));
}

// --- events

struct grouping {
  struct vsm_exporting *x;
  struct vsm_bag *bag;
  FILE *text; // of an event, in memory
  char *bytes;
  size_t n_bytes;
  bool in_trace;
  uint64_t taken; // out of the bag
};

static void write_event(struct grouping *g, const struct vsm_kept_event *e, const struct vsm_export_part *part) {
  const struct vsm_event *event = e->event;
  char time[VSM_EXPORT_TIME_BYTES];
  bool at_stage = part && *part->stage;
  bool is_step = at_stage && *part->lifecycle && strcmp(part->lifecycle, "progress") != 0;
  fputs("<event>\n", g->text);
  put(g->x, g->text, "string", "concept:name", at_stage ? vsm_str_of(part->stage) : event->type);
  put_z(g->x, g->text, "string", "lifecycle:transition", is_step ? part->lifecycle : "unknown");
  put_z(g->x, g->text, "date", "time:timestamp", vsm_export_time(e->time_unix_nano, time));
  put(g->x, g->text, "string", "vsm:source", event->source);
  put(g->x, g->text, "string", "vsm:type", event->type);
  put(g->x, g->text, "string", "vsm:subject", event->subject);
  put(g->x, g->text, "string", "vsm:id", event->id);
  for (uint32_t i = 0; i < event->n_attrs; i++) {
    struct vsm_str key = event->attrs[i].key;
    char *room = vsm_export_is_hidden(event, i) ? NULL : malloc(vsm_xml_key_room(key.n));
    if (room)
      put(g->x, g->text, "string", vsm_xml_key(key, room), event->attrs[i].value);
    free(room);
  }
  fputs("</event>\n", g->text);
}

// The name of a group: the stream, which has no blank in its id, and the item.
static struct vsm_str group_of(struct vsm_exporting *x, const struct vsm_export_part *part) {
  if (!part)
    return (struct vsm_str){0};
  return vsm_str_of(vsm_arena_printf(&x->arena, "%s %.*s", x->state.config->model.streams[part->stream].id,
                                     (int)part->item.n, part->item.p));
}

static int put_in_bag(void *ctx, const struct vsm_kept_event *e) {
  struct grouping *g = ctx;
  struct vsm_export_part *parts;
  const struct vsm_export_part *part = vsm_export_parts(g->x, e->event, &parts) > 0 ? parts : NULL;
  rewind(g->text);
  write_event(g, e, part);
  fflush(g->text);
  long n = ftell(g->text);
  g->x->n++;
  return vsm_bag_put(g->bag, group_of(g->x, part), (int64_t)(e->time_unix_nano / 1000),
                     (struct vsm_str){g->bytes, (size_t)n}, false)
             ? VSM_FAILED
             : VSM_DONE;
}

static void end_trace(struct grouping *g) {
  if (g->in_trace)
    fputs("</trace>\n", g->x->out);
  g->in_trace = false;
}

static void begin_trace(struct vsm_exporting *x, struct vsm_str stream, struct vsm_str item) {
  fputs("<trace>\n", x->out);
  put(x, x->out, "string", "concept:name", item);
  put(x, x->out, "string", "vsm:value_stream", stream);
}

static int take_out(void *ctx, struct vsm_str group, bool first, struct vsm_str text) {
  struct grouping *g = ctx;
  if (first) {
    const char *blank = group.n ? memchr(group.p, ' ', group.n) : NULL;
    size_t stream = blank ? (size_t)(blank - group.p) : 0;
    end_trace(g);
    g->in_trace = blank != NULL;
    if (blank)
      begin_trace(g->x, (struct vsm_str){group.p, stream}, (struct vsm_str){blank + 1, group.n - stream - 1});
  }
  g->taken++;
  vsm_progress_show(&g->x->progress, g->taken, 0.7 + 0.3 * (double)g->taken / (double)g->x->n);
  return fwrite(text.p, 1, text.n, g->x->out) == text.n ? 0 : VSM_FAILED;
}

int vsm_export_xes_events(struct vsm_exporting *x) {
  struct grouping g = {.x = x, .bag = vsm_bag_create()};
  g.text = g.bag ? open_memstream(&g.bytes, &g.n_bytes) : NULL;
  int status = g.text ? vsm_export_each_event(x, (struct vsm_export_span){0, 0.7}, put_in_bag, &g) : VSM_FAILED;
  if (!status) {
    fputs(HEAD, x->out);
    status = vsm_bag_each(g.bag, take_out, &g) ? VSM_FAILED : VSM_DONE;
    end_trace(&g);
    fputs("</log>\n", x->out);
  }
  if (g.text)
    fclose(g.text);
  free(g.bytes);
  vsm_bag_destroy(g.bag);
  return status;
}

// --- visits: each as two events, its start and its end

static void write_end(struct vsm_exporting *x, const struct vsm_export_visit *v) {
  const struct {
    const char *key;
    int64_t us;
  } seconds[] = {{"vsm:queue_seconds", v->visit->queued_us},
                 {"vsm:active_seconds", v->visit->active_us},
                 {"vsm:suspended_seconds", v->visit->suspended_us}};
  char text[VSM_EXPORT_TIME_BYTES];
  put_z(x, x->out, "string", "vsm:how", vsm_how_name(v->visit->how));
  put_z(x, x->out, "boolean", "vsm:rework", v->visit->rework ? "true" : "false");
  put_z(x, x->out, "boolean", "vsm:unobserved", v->visit->unobserved ? "true" : "false");
  for (size_t i = 0; i < sizeof seconds / sizeof *seconds; i++)
    put_z(x, x->out, "float", seconds[i].key, vsm_export_seconds(seconds[i].us, text));
}

static void write_half(struct vsm_exporting *x, const struct vsm_export_visit *v, bool end) {
  char text[VSM_EXPORT_TIME_BYTES], number[16];
  int64_t us = end ? v->visit->left.us : v->visit->entered.us;
  snprintf(number, sizeof number, "%u", v->number);
  fputs("<event>\n", x->out);
  put_z(x, x->out, "string", "concept:name", v->visit->stage);
  put_z(x, x->out, "string", "concept:instance", number);
  put_z(x, x->out, "string", "lifecycle:transition", end ? "complete" : "start");
  put_z(x, x->out, "date", "time:timestamp", vsm_export_time((uint64_t)us * 1000, text));
  if (end)
    write_end(x, v);
  fputs("</event>\n", x->out);
}

static int write_visits(void *ctx, const struct vsm_item_view *item) {
  struct vsm_exporting *x = ctx;
  const struct vsm_stream *stream = &x->state.config->model.streams[item->stream];
  begin_trace(x, vsm_str_of(stream->id), item->item);
  for (unsigned i = 0; i < item->n_visits; i++) {
    const struct vsm_export_visit v = {stream, item, &item->visits[i], i + 1};
    if (item->visits[i].how == VSM_OPEN)
      continue;
    write_half(x, &v, false);
    write_half(x, &v, true);
    x->n++;
  }
  fputs("</trace>\n", x->out);
  return ferror(x->out) ? VSM_FAILED : VSM_DONE;
}

int vsm_export_xes_visits(struct vsm_exporting *x) {
  fputs(HEAD, x->out);
  int status = vsm_export_each_item(x, write_visits, x);
  fputs("</log>\n", x->out);
  return status;
}
