// Walking through what is exported, and what its texts look like.
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "base/err.h"
#include "cmd.h"
#include "export.h"

// --- events

struct spanned {
  struct vsm_exporting *x;
  struct vsm_export_span span;
  int (*on_event)(void *ctx, const struct vsm_kept_event *e);
  void *ctx;
};

static int on_event(void *ctx, const struct vsm_kept_event *e) {
  const struct spanned *s = ctx;
  return s->on_event(s->ctx, e);
}

static void on_progress(void *ctx, double share) {
  const struct spanned *s = ctx;
  vsm_progress_show(&s->x->progress, s->x->n, s->span.from + share * (s->span.to - s->span.from));
}

int vsm_export_each_event(struct vsm_exporting *x, struct vsm_export_span span,
                          int (*fn)(void *ctx, const struct vsm_kept_event *e), void *ctx) {
  struct spanned s = {x, span, fn, ctx};
  uint64_t last = x->kept.last;
  x->kept = (struct vsm_kept_reading){
      .directory = x->directory, .last = last, .on_event = on_event, .on_progress = on_progress, .ctx = &s};
  return vsm_kept_read(&x->kept);
}

bool vsm_export_is_hidden(const struct vsm_event *e, uint32_t attribute) {
  for (uint32_t i = attribute + 1; i < e->n_attrs; i++)
    if (vsm_str_eq(e->attrs[i].key, e->attrs[attribute].key))
      return true;
  return false;
}

static bool knows(struct vsm_export_part *parts, size_t n, const struct vsm_export_part *part) {
  for (size_t i = 0; i < n; i++)
    if (parts[i].stream == part->stream && vsm_str_eq(parts[i].item, part->item)) {
      if (!*parts[i].stage && *part->stage) {
        parts[i].stage = part->stage;
        parts[i].lifecycle = part->lifecycle;
      }
      return true;
    }
  return false;
}

// An item that is held no more has the key that the event gives it.
size_t vsm_export_parts(struct vsm_exporting *x, const struct vsm_event *e, struct vsm_export_part **parts) {
  const struct vsm_model *model = &x->state.config->model;
  struct vsm_match *m;
  size_t n = 0;
  vsm_arena_reset(&x->arena);
  long matches = vsm_match_event(model, e, &x->arena, &m);
  *parts = matches > 0 ? vsm_arena_alloc(&x->arena, (size_t)matches * sizeof **parts) : NULL;
  for (long i = 0; *parts && i < matches; i++) {
    const struct vsm_rule *r = m[i].rule;
    if (r->ignore || m[i].reason != VSM_R_NONE)
      continue;
    struct vsm_str shown = vsm_core_shown(x->state.core, (unsigned)r->stream, m[i].item);
    struct vsm_export_part part = {.stream = (unsigned)r->stream,
                                   .item = shown.n ? shown : m[i].item,
                                   .stage = r->stage < 0 ? "" : model->streams[r->stream].stages[r->stage].id,
                                   .lifecycle = vsm_lifecycle_name(r->lifecycle)};
    if (!knows(*parts, n, &part))
      (*parts)[n++] = part;
  }
  return n;
}

// --- items

int vsm_export_each_item(struct vsm_exporting *x, int (*on_item)(void *ctx, const struct vsm_item_view *item),
                         void *ctx) {
  const struct vsm_model *model = &x->state.config->model;
  uint64_t held = vsm_core_items_held(x->state.core) + 1, done = 0;
  struct vsm_item_view item;
  int status = 0;
  for (unsigned s = 0; s < model->n_streams && !status; s++) {
    uint32_t place = 0;
    int err = 0;
    while (!status && !err) {
      vsm_arena_reset(&x->arena);
      err = vsm_core_next_item(x->state.core, s, &place, &x->arena, &item);
      if (!err)
        status = on_item(ctx, &item);
      vsm_progress_show(&x->progress, x->n, (double)done++ / (double)held);
    }
    if (!status && err != VSM_ENOENT) {
      fprintf(stderr, "vsm: %s\n", vsm_err_text(err));
      status = VSM_FAILED;
    }
  }
  return status;
}

struct visiting {
  struct vsm_exporting *x;
  int (*on_visit)(void *ctx, const struct vsm_export_visit *v);
  void *ctx;
};

static int visit_item(void *ctx, const struct vsm_item_view *item) {
  const struct visiting *v = ctx;
  int status = 0;
  for (unsigned i = 0; i < item->n_visits && !status; i++) {
    const struct vsm_export_visit visit = {&v->x->state.config->model.streams[item->stream], item, &item->visits[i],
                                           i + 1};
    if (item->visits[i].how != VSM_OPEN) {
      v->x->n++;
      status = v->on_visit(v->ctx, &visit);
    }
  }
  return status;
}

int vsm_export_each_visit(struct vsm_exporting *x, int (*on_visit)(void *ctx, const struct vsm_export_visit *v),
                          void *ctx) {
  return vsm_export_each_item(x, visit_item, &(struct visiting){x, on_visit, ctx});
}

// --- texts

// ".25" of so many billionths, "" of none.
enum { FRACTION_BYTES = 24 };
static const char *fraction(uint64_t billionths, char out[FRACTION_BYTES]) {
  int n = snprintf(out, FRACTION_BYTES, ".%09" PRIu64, billionths);
  while (n > 1 && out[n - 1] == '0')
    n--;
  out[n > 1 ? n : 0] = '\0';
  return out;
}

const char *vsm_export_time(uint64_t unix_nano, char out[VSM_EXPORT_TIME_BYTES]) {
  time_t seconds = (time_t)(unix_nano / 1000000000);
  char digits[FRACTION_BYTES];
  struct tm t;
  gmtime_r(&seconds, &t);
  size_t n = strftime(out, VSM_EXPORT_TIME_BYTES, "%Y-%m-%dT%H:%M:%S", &t);
  snprintf(out + n, VSM_EXPORT_TIME_BYTES - n, "%sZ", fraction(unix_nano % 1000000000, digits));
  return out;
}

const char *vsm_export_seconds(int64_t us, char out[VSM_EXPORT_TIME_BYTES]) {
  char digits[FRACTION_BYTES];
  snprintf(out, VSM_EXPORT_TIME_BYTES, "%" PRId64 "%.8s", us / VSM_SECOND_US,
           fraction((uint64_t)(us % VSM_SECOND_US) * 1000, digits));
  return out;
}
