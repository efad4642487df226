// Bytes as a file that vsm replay, vsm emit or vsm agent reads: the first says whether as CSV, XES or JSON lines, as
// events or as records, of which a map makes events, and after how many its taker has had enough. What comes has a type
// and is within the limits of an event; each mistake is told in words.
#undef NDEBUG
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "agents/lib/cloudevent.h"
#include "agents/vsm/logs.h"
#include "agents/vsm/record.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { JSON, XES, CSV, CSV_MAPPED, JSON_RECORDS, CSV_RECORDS, KINDS };
enum { ENOUGH = 7, FAILED = 1, ATTRIBUTES_MAX = 256 };

struct taker {
  int left; // until it has had enough
  unsigned long line;
  bool rising; // lines come in their order
  bool records;
};

static struct vsm_record_map map;

static void load_map(void) {
  static const char text[] = "event:\n  source: crm\n  type: \"x.{data.type}\"\n  subject: \"{data.subject}\"\n"
                             "  time: \"{data.time}\"\n  data: [type, region]\n";
  static struct vsm_arena arena;
  struct vsm_record_map *own = &map;
  vsm_arena_init(&arena, 0);
  if (vsm_record_load(fuzz_file((struct vsm_str){text, sizeof text - 1}), &VSM_RECORD_FILE, own, own, &arena) != 0)
    abort();
}

static void check(const struct vsm_emitter_event *e) {
  assert(e->source && *e->source && e->type && e->n_data <= ATTRIBUTES_MAX);
  for (size_t i = 0; i < e->n_data; i++)
    assert(e->data[i].key && e->data[i].value);
}

static void check_record(const struct vsm_emitter_event *record) {
  struct vsm_arena arena;
  struct vsm_emitter_event e;
  char why[300];
  vsm_arena_init(&arena, 0);
  if (vsm_record_event(&map, record, &arena, &e, why, sizeof why))
    check(&e);
  else
    assert(*why);
  vsm_arena_fini(&arena);
}

static int on_event(void *ctx, const struct vsm_emitter_event *e, unsigned long line) {
  struct taker *t = ctx;
  if (t->records)
    check_record(e);
  else
    check(e);
  assert(line > 0 && (!t->rising || line > t->line));
  t->line = line;
  return --t->left == 0 ? ENOUGH : 0;
}

static void on_mistake(void *ctx, unsigned long line, const char *what) {
  struct taker *t = ctx;
  assert(what && *what && strlen(what) < 512);
  assert(line == 0 || !t->rising || line >= t->line);
}

static int read_all(unsigned how, const char *path, const struct vsm_log_reader *reader) {
  static const struct vsm_csv_map as_named, others = {.type = "activity", .subject = "case", .time = "at"};
  if (how == XES)
    return vsm_xes_read(path, reader);
  FILE *in = fopen(path, "r");
  bool json = how == JSON || how == JSON_RECORDS;
  int result = json ? vsm_jsonl_read(in, how == JSON ? vsm_cloudevent_read : vsm_json_record_read, reader)
                    : vsm_csv_read(in,
                                   how == CSV          ? &as_named
                                   : how == CSV_MAPPED ? &others
                                                       : NULL,
                                   reader);
  fclose(in);
  return result;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 1)
    return -1;
  if (!map.part[0].z)
    load_map();
  unsigned how = data[0] % KINDS;
  struct taker t = {.left = 1 + data[0] / KINDS,
                    .rising = how != XES, // a trace is told of once it is over
                    .records = how >= JSON_RECORDS};
  const struct vsm_log_reader reader = {on_event, on_mistake, NULL, &t};
  int result = read_all(how, fuzz_file((struct vsm_str){(const char *)data + 1, size - 1}), &reader);
  assert(result == 0 || result == ENOUGH || result == FAILED);
  assert((result == ENOUGH) == (t.left == 0));
  return 0;
}
