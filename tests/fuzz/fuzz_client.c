// Bytes as what a daemon or a source says to libvsm and the programs on it: the first says which message. What can be
// unpacked can be printed, as JSON that a parser takes, as CSV, as Prometheus' page.
#undef NDEBUG
#include <assert.h>
#include <jansson.h>
#include <stdlib.h>

#include "agents/lib/unpack.h"
#include "agents/vsm/figures.h"
#include "agents/web/csv.h"
#include "agents/web/metrics.h"
#include "vsm/json.h"
#include "vsm/messages.h"
#include "wire/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ARENA_BYTES = 64 << 20 };

// protobuf-c takes texts that are no UTF-8, of which no JSON can be made.
static void check_json(const ProtobufCMessage *m) {
  size_t n;
  char *text = vsm_json_message(m, &n);
  assert(text && strlen(text) == n);
  json_t *tree = json_loadb(text, n, JSON_DECODE_INT_AS_REAL, NULL);
  assert(tree || !vsm_utf8_check((struct vsm_str){text, n}));
  json_decref(tree);
  free(text);
}

static void check_csv(const ProtobufCMessage *m, const char *path) {
  char *text = NULL;
  size_t n = 0;
  FILE *out = open_memstream(&text, &n);
  vsm_csv_print(out, m, path);
  fclose(out);
  free(text);
}

static void check_page(const struct vsm_metrics *m) {
  size_t n;
  for (int open = 0; open < 2; open++) {
    char *text = vsm_metrics_print(m, open, &n);
    assert(text && (!open || (n > 6 && memcmp(text + n - 6, "# EOF\n", 6) == 0)));
    free(text);
  }
}

static void check_figures(const Vsm__V1__Snapshot *s) {
  char *text = NULL;
  size_t n = 0;
  FILE *out = open_memstream(&text, &n);
  vsm_figures_print(out, s, &(struct vsm_figures_as){.window = "all", .segments = true});
  fclose(out);
  free(text);
}

static void check_reply(const Vsm__V1__Reply *r) {
  switch (r->kind_case) {
  case VSM__V1__REPLY__KIND_SNAPSHOT:
    check_csv(&r->snapshot->base, "value_streams.stages.windows");
    check_page(&(struct vsm_metrics){.snapshot = r->snapshot});
    check_figures(r->snapshot);
    break;
  case VSM__V1__REPLY__KIND_ITEMS:
    check_csv(&r->items->base, "items");
    break;
  case VSM__V1__REPLY__KIND_STATUS:
    check_page(&(struct vsm_metrics){.status = r->status});
    break;
  case VSM__V1__REPLY__KIND_SOURCES:
    check_page(&(struct vsm_metrics){.sources = r->sources});
    break;
  case VSM__V1__REPLY__KIND_ALERTS:
    check_csv(&r->alerts->base, "alerts");
    check_page(&(struct vsm_metrics){.alerts = r->alerts});
    break;
  default:
    break;
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const ProtobufCMessageDescriptor *const types[] = {
      &vsm__v1__reply__descriptor, &vsm__v1__publication__descriptor, &vsm__v1__ack__descriptor,
      &vsm__v1__event_batch__descriptor, &vsm__v1__recover_reply__descriptor};
  struct vsm_arena arena;
  if (size < 1)
    return -1;
  const ProtobufCMessageDescriptor *type = types[data[0] % (sizeof types / sizeof *types)];
  vsm_arena_init(&arena, ARENA_BYTES);
  const ProtobufCMessage *m = vsm_unpack(&arena, type, data + 1, size - 1);
  if (m)
    check_json(m);
  if (m && type == types[0])
    check_reply((const Vsm__V1__Reply *)m);
  vsm_arena_fini(&arena);
  return 0;
}
