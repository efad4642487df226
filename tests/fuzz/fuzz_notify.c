// Bytes as a configuration of vsm-notify: mistakes have a place, and what loads prints to what loads and prints to the
// same. Or as what a daemon says of alerts, in pieces, while time passes and the configuration changes: what is told as
// over, or again, was told as firing; and when all is over, that was told to everyone who was told that it fires.
#undef NDEBUG
#include <assert.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "agents/lib/unpack.h"
#include "agents/notify/channel.h"
#include "agents/notify/desk.h"
#include "agents/notify/own.h"
#include "agents/notify/queue.h"
#include "agents/notify/standing.h"
#include "base/time.h"
#include "tests/fuzz/fuzz.h"
#include "tests/lib/pieces.h"
#include "vsm/json.h"
#include "wire/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ARENA_BYTES = 16 << 20, TOLD_MAX = 4096 };

// --- the configuration

// For free(); NULL: it has mistakes.
static char *printed(struct vsm_str text) {
  char *out = NULL, *mistakes = NULL;
  size_t n, n_mistakes;
  FILE *f = open_memstream(&out, &n), *m = open_memstream(&mistakes, &n_mistakes);
  int err = vsm_settings_check(fuzz_file(text), f, m);
  fclose(f);
  fclose(m);
  assert((err == 0) == (n_mistakes == 0) && (err == 0) == (n > 0));
  free(mistakes);
  if (!err)
    return out;
  free(out);
  return NULL;
}

static void configuration(struct vsm_str text) {
  char *once = printed(text);
  char *twice = once ? printed(vsm_str_of(once)) : NULL;
  if (once && (!twice || strcmp(once, twice) != 0)) {
    fprintf(stderr, "--- once\n%s--- again\n%s", once, twice ? twice : "(mistakes)\n");
    abort();
  }
  free(twice);
  free(once);
}

// --- what is told

static const char *const texts[] = {
    "calendars: [{ id: office, zone: UTC, week: [\"mon-fri 08:00-17:00\"], holidays: [] }]\n"
    "receivers:\n"
    "  - { id: hook, webhook: { url: \"http://127.0.0.1:1\" } }\n"
    "  - { id: am, alertmanager: { url: \"http://127.0.0.1:1\" } }\n"
    "  - { id: mail, mail: { server: \"smtp://h\", from: a@b, to: [x@y], to_owner: { Ops: f@y } } }\n"
    "routes:\n"
    "  - { kind: item_*, receivers: [mail], digest: office }\n"
    "  - { severity: critical, receivers: [hook, am], continue: true, group_wait: 0s }\n"
    "  - { stream: N*, receivers: [mail], quiet_outside: office }\n"
    "  - { receivers: [hook] }\n",
    "receivers:\n"
    "  - { id: hook, webhook: { url: \"http://127.0.0.1:1\" } }\n"
    "  - { id: new, log: stderr }\n"
    "routes:\n"
    "  - { severity: info, drop: true }\n"
    "  - { stage: a*, receivers: [hook, new], group_wait: 0s, group_interval: 0s }\n"
    "  - { receivers: [new] }\n"};
enum { TEXTS = sizeof texts / sizeof *texts };

static const struct vsm_settings *settings(unsigned which) {
  static struct vsm_settings *all[TEXTS];
  if (!all[which]) {
    struct vsm_conf_report report;
    vsm_settings_load(fuzz_file(vsm_str_of(texts[which])), &all[which], &report);
    vsm_conf_report_print(&report, stderr);
    vsm_conf_report_fini(&report);
    assert(all[which]);
  }
  return all[which];
}

struct world {
  struct vsm_store *store;
  struct vsm_desk desk;
  struct vsm_arena arena;
  int64_t now_us;
  struct told {
    char *receiver, *id;
  } told[TOLD_MAX];
  unsigned n_told;
};

static void hear(struct world *w, const char *receiver, const char *change, const char *id) {
  unsigned i = 0;
  while (i < w->n_told && (strcmp(w->told[i].receiver, receiver) != 0 || strcmp(w->told[i].id, id) != 0))
    i++;
  bool known = i < w->n_told;
  if (strcmp(change, "passed") == 0)
    return;
  if (strcmp(change, "firing") == 0) {
    assert(known || w->n_told < TOLD_MAX);
    if (!known)
      w->told[w->n_told++] = (struct told){strdup(receiver), strdup(id)};
    return;
  }
  assert(known);
  if (strcmp(change, "resolved") != 0)
    return;
  free(w->told[i].receiver);
  free(w->told[i].id);
  w->told[i] = w->told[--w->n_told];
}

// What is empty is left out.
static const char *text_of(json_t *map, const char *key) {
  const char *text = json_string_value(json_object_get(map, key));
  return text ? text : "";
}

static void read_message(struct world *w, const char *receiver, const struct vsm_message *m) {
  json_t *body = json_loads(m->body, 0, NULL), *entry;
  size_t i;
  assert(body && json_array_size(json_object_get(body, "alerts")) <= VSM_DESK_NOTICES_MAX);
  json_array_foreach(json_object_get(body, "alerts"), i, entry) {
    hear(w, receiver, text_of(entry, "change"), text_of(json_object_get(entry, "alert"), "id"));
  }
  free(vsm_mail_write("a@b", m->recipient, m->delivery, m->made_us, text_of(body, "title"), text_of(body, "text")));
  json_decref(body);
}

static void read_messages(struct world *w) {
  static const char *const receivers[] = {"hook", "mail", "new"};
  struct vsm_message m;
  for (size_t i = 0; i < sizeof receivers / sizeof *receivers; i++)
    while (vsm_queue_next(w->store, receivers[i], &m)) {
      read_message(w, receivers[i], &m);
      vsm_queue_done(w->store, m.id);
      vsm_queue_free(&m);
    }
}

static void flush(struct world *w) {
  while (vsm_desk_due(&w->desk) <= w->now_us && vsm_desk_flush(&w->desk, w->now_us))
    ;
  read_messages(w);
}

static void update_alertmanager(struct world *w) {
  struct vsm_standing_sent sent = {0};
  char *body = vsm_standing_batch(w->store, "am", VSM_MINUTE_US, w->now_us, &sent);
  json_t *list = body ? json_loads(body, 0, NULL) : NULL;
  assert(!body || json_array_size(list) == sent.n);
  vsm_standing_took(w->store, "am", VSM_MINUTE_US, w->now_us, &sent, false);
  vsm_standing_free(&sent);
  json_decref(list);
  free(body);
}

// --- what happens

// A daemon says UTF-8 alone, and no time beyond what a signed number holds; our own two are never lost.
static bool may_be_told(const Vsm__V1__Alert *a) {
  size_t n;
  char *text = vsm_json_message(&a->base, &n);
  json_t *body = vsm_utf8_check((struct vsm_str){text, n}) ? json_loadb(text, n, 0, NULL) : NULL;
  bool good = body && !vsm_own_is(a->kind);
  json_decref(body);
  free(text);
  return good;
}

static void publish(struct world *w, struct vsm_str bytes) {
  const Vsm__V1__Alert *a = vsm_unpack(&w->arena, &vsm__v1__alert__descriptor, bytes.p, bytes.n);
  if (a && may_be_told(a))
    vsm_desk_publish(&w->desk, a, w->now_us);
}

static void list(struct world *w, struct vsm_str bytes) {
  static const Vsm__V1__Alerts nothing = VSM__V1__ALERTS__INIT;
  const Vsm__V1__Alerts *a = vsm_unpack(&w->arena, &vsm__v1__alerts__descriptor, bytes.p, bytes.n);
  for (size_t i = 0; a && i < a->n_alerts; i++)
    if (!may_be_told(a->alerts[i]))
      return;
  if (a)
    vsm_desk_list(&w->desk, a, &nothing, w->now_us);
}

static void happen(struct world *w, struct vsm_str piece) {
  struct vsm_str rest = {piece.p + 1, piece.n - 1};
  switch (piece.p[0] & 7) {
  case 0:
    list(w, rest);
    break;
  case 1:
    w->now_us += (rest.n ? (unsigned char)rest.p[0] : 1) * VSM_MINUTE_US;
    flush(w);
    break;
  case 2:
    w->desk.settings = settings(rest.n ? (unsigned char)rest.p[0] % TEXTS : 0);
    vsm_desk_offer_all(&w->desk, w->now_us);
    break;
  case 3:
    update_alertmanager(w);
    break;
  case 4:
    w->now_us -= VSM_HOUR_US;
    vsm_desk_wake(&w->desk, w->now_us);
    break;
  case 5:
    vsm_desk_prune(&w->desk, w->now_us);
    break;
  default:
    publish(w, rest);
  }
}

static void alerts(struct vsm_str rest) {
  struct world w = {.now_us = INT64_C(1764547200000000)};
  struct vsm_str piece;
  char why[200];
  assert(vsm_store_open(NULL, &w.store, why, sizeof why) == 0);
  vsm_arena_init(&w.arena, ARENA_BYTES);
  w.desk = (struct vsm_desk){settings(0), w.store};
  vsm_store_begin(w.store);
  while (daemon_rig_piece(&rest, &piece)) {
    vsm_arena_reset(&w.arena);
    if (piece.n > 0)
      happen(&w, piece);
  }
  list(&w, (struct vsm_str){"", 0}); // nothing fires any more
  for (int i = 0; i < 100 && vsm_desk_due(&w.desk) != INT64_MAX; i++) {
    w.now_us += VSM_DAY_US;
    flush(&w);
  }
  assert(vsm_store_commit(w.store) && vsm_desk_due(&w.desk) == INT64_MAX && w.n_told == 0);
  vsm_store_close(w.store);
  vsm_arena_fini(&w.arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct vsm_str rest = {(const char *)data + 1, size - 1};
  if (size < 1)
    return -1;
  if (data[0] % 4 == 0)
    configuration(rest);
  else
    alerts(rest);
  return 0;
}
