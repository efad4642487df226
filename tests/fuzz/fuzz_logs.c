// Bytes as a file that vsm replay, vsm emit or vsm agent reads: the first says whether as CSV, XES or JSON lines, and
// after how many events its taker has had enough. What comes has a type and is within the limits of an event; each
// mistake is told in words.
#undef NDEBUG
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "agents/vsm/logs.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ENOUGH = 7, FAILED = 1, ATTRIBUTES_MAX = 256 };

struct taker {
  int left; // until it has had enough
  unsigned long line;
  bool rising; // lines come in their order
};

static int on_event(void *ctx, const struct vsm_emitter_event *e, unsigned long line) {
  struct taker *t = ctx;
  assert(e->source && *e->source && e->type && e->n_data <= ATTRIBUTES_MAX);
  for (size_t i = 0; i < e->n_data; i++)
    assert(e->data[i].key && e->data[i].value);
  assert(line > 0 && (!t->rising || line > t->line));
  t->line = line;
  return --t->left == 0 ? ENOUGH : 0;
}

static void on_mistake(void *ctx, unsigned long line, const char *what) {
  struct taker *t = ctx;
  assert(what && *what && strlen(what) < 512);
  assert(line == 0 || !t->rising || line >= t->line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 1)
    return -1;
  unsigned how = data[0] % 4;
  struct taker t = {.left = 1 + data[0] / 4, .rising = how != 1}; // a trace is told of once it is over
  const struct vsm_log_reader reader = {on_event, on_mistake, NULL, &t};
  static const struct vsm_csv_map as_named, others = {.type = "activity", .subject = "case", .time = "at"};
  const char *path = fuzz_file((struct vsm_str){(const char *)data + 1, size - 1});
  int result;
  if (how == 1) {
    result = vsm_xes_read(path, &reader);
  } else {
    FILE *in = fopen(path, "r");
    result = how == 0 ? vsm_jsonl_read(in, &reader) : vsm_csv_read(in, how == 2 ? &as_named : &others, &reader);
    fclose(in);
  }
  assert(result == 0 || result == ENOUGH || result == FAILED);
  assert((result == ENOUGH) == (t.left == 0));
  return 0;
}
