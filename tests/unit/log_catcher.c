#include "log_catcher.h"

#include <inttypes.h>

static const char *or_empty(const char *z) {
  return z ? z : "";
}

static int on_event(void *ctx, const struct vsm_emitter_event *e, unsigned long line) {
  struct log_catcher *c = ctx;
  fprintf(c->out, "%lu %s|%s|%s|%s|%" PRIu64 ".%09" PRIu64 "|", line, or_empty(e->source), or_empty(e->id),
          or_empty(e->type), or_empty(e->subject), e->time_unix_nano / 1000000000, e->time_unix_nano % 1000000000);
  for (size_t i = 0; i < e->n_data; i++)
    fprintf(c->out, "%s%s=%s", i ? " " : "", e->data[i].key, e->data[i].value);
  fputc('\n', c->out);
  return c->stop_after > 0 && --c->stop_after == 0 ? 7 : 0;
}

static void on_mistake(void *ctx, unsigned long line, const char *what) {
  fprintf(((struct log_catcher *)ctx)->out, "%lu! %s\n", line, what);
}

struct vsm_log_reader log_catcher_open(struct log_catcher *c) {
  c->out = open_memstream(&c->text, &c->n);
  return (struct vsm_log_reader){on_event, on_mistake, NULL, c};
}

void log_catcher_close(struct log_catcher *c) {
  fclose(c->out);
}
