// The thread reads to the journal's end, then what came meanwhile, and so on, until a pass is short; what is left is
// little, and the loop steps through it in slices while no batch is received. All that was appended is then committed,
// and in the second core: it is the state that a start finds who maps the journal anew up to this place, and that is
// what the record says which comes next.
#include "shell/rebuild.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/date.h"
#include "base/err.h"
#include "conf/kept.h"
#include "shell/clock.h"
#include "shell/epoch.h"
#include "shell/log.h"
#include "shell/process.h"
#include "store/failpoint.h"

#define LOOK_US (VSM_SECOND_US / 50)       // between two looks whether it shall end
#define SHORT_PASS_US (VSM_SECOND_US / 20) // what came in so long a time is stepped through while nothing is received
#define SLICE_US INT64_C(2000)
#define PAUSE_US INT64_C(500)
enum { PASSES_MAX = 10 }; // where more comes than can be read the loop steps through what is left, however much

enum phase { IDLE, READING, LEVELLING, RECORDING, DONE, FAILED };

struct vsm_rebuild {
  struct vsm_rebuild_options o;
  enum phase phase;
  bool partial;
  char *kept; // the configuration in force, as it is kept
  size_t kept_bytes;
  struct vsm_recovery *recovery; // of the thread, and then of the loop
  pthread_t thread;
  bool threaded;             // and not joined yet
  struct vsm_recovered past; // what was live, to be let go of by a thread: that takes its time
  int fd;                    // the thread's end
  struct vsm_watch *end;
  struct vsm_timer *slice;
  int result;     // of the thread
  uint64_t epoch; // from then on; taken by the thread, as it is written to disk
  atomic_bool stop;
  atomic_uint percent;
  uint64_t position;
  int64_t begun_boot_us, held_boot_us, held_us; // since when nothing is received, and how long that took
  struct vsm_journal_why why;
};

struct vsm_rebuild_view vsm_rebuild_view(const struct vsm_rebuild *r) {
  static const char *const states[] = {
      [IDLE] = "",     [READING] = "reading", [LEVELLING] = "catching up", [RECORDING] = "recording",
      [DONE] = "done", [FAILED] = "failed"};
  return (struct vsm_rebuild_view){.state = states[r->phase],
                                   .percent = r->phase == READING                         ? atomic_load(&r->percent)
                                              : r->phase >= LEVELLING && r->phase <= DONE ? 100
                                                                                          : 0,
                                   .why = r->phase == FAILED ? r->why.text : "",
                                   .position = r->phase == DONE ? r->position : 0};
}

bool vsm_rebuild_is_running(const struct vsm_rebuild *r) {
  return r->phase == READING || r->phase == LEVELLING || r->phase == RECORDING;
}

// --- the thread

static int read_pass(struct vsm_rebuild *r, bool first) {
  int result = 1;
  while (result == 1 && !atomic_load(&r->stop)) {
    result = vsm_recovery_go_on(r->recovery, LOOK_US);
    if (first)
      atomic_store(&r->percent, vsm_recovery_percent(r->recovery));
  }
  return result;
}

// Else it could read what is trimmed then, and the next start miss it; or an item's events as they were, and the order
// to forget it without its keys.
static bool await_settled(struct vsm_rebuild *r) {
  bool settled = false;
  while (!settled && !atomic_load(&r->stop))
    settled = vsm_journal_await_settled(r->o.journal, LOOK_US);
  return settled;
}

static int read_all(struct vsm_rebuild *r) {
  if (!await_settled(r))
    return VSM_EIO;
  r->recovery = vsm_recovery_create(&(struct vsm_recovery_options){
      .directory = r->o.directory, .under = {r->kept, r->kept_bytes}, .only_read = true});
  int result = r->recovery ? read_pass(r, true) : VSM_EIO;
  vsm_failpoint(VSM_FAIL_rebuild_read);
  for (int pass = 0; result == 0 && pass < PASSES_MAX && !atomic_load(&r->stop); pass++) {
    int64_t begun = vsm_clock_boot_us();
    result = vsm_recovery_follow(r->recovery);
    if (result == 1)
      result = read_pass(r, false);
    if (vsm_clock_boot_us() - begun < SHORT_PASS_US)
      break;
  }
  return result;
}

static void *run(void *ctx) {
  struct vsm_rebuild *r = ctx;
  vsm_process_thread_stays_behind();
  r->result = read_all(r);
  r->epoch = vsm_epoch_begin(r->o.directory, 0);
  eventfd_write(r->fd, 1);
  return NULL;
}

// The thread told of its end, which is heard once.
static bool has_ended(struct vsm_rebuild *r) {
  eventfd_t n;
  return eventfd_read(r->fd, &n) == 0;
}

static void join(struct vsm_rebuild *r) {
  if (!r->threaded)
    return;
  atomic_store(&r->stop, true);
  pthread_join(r->thread, NULL);
  r->threaded = false;
  has_ended(r);
}

// --- the end

static void let_go(struct vsm_rebuild *r) {
  join(r);
  vsm_timer_clear(r->slice);
  vsm_recovery_destroy(r->recovery);
  free(r->kept);
  r->recovery = NULL;
  r->kept = NULL;
}

static void *bury(void *ctx) {
  struct vsm_rebuild *r = ctx;
  vsm_process_thread_stays_behind();
  vsm_recovered_fini(&r->past);
  return NULL;
}

static void let_go_of_the_past(struct vsm_rebuild *r, const struct vsm_recovered *past) {
  r->past = *past;
  r->threaded = pthread_create(&r->thread, NULL, bury, r) == 0;
  if (!r->threaded)
    vsm_recovered_fini(&r->past);
}

static void fail(struct vsm_rebuild *r, const char *why) {
  bool held = r->phase == LEVELLING;
  let_go(r);
  r->phase = FAILED;
  snprintf(r->why.text, sizeof r->why.text, "%s", why);
  vsm_log("rebuild_failed", "why=\"%s\"", why);
  if (held)
    r->o.hold(r->o.ctx, false);
}

void vsm_rebuild_cancel(struct vsm_rebuild *r, const char *why) {
  if (r->phase == READING || r->phase == LEVELLING)
    fail(r, why);
  join(r);
}

static void look_whether_it_is_on_disk(struct vsm_rebuild *r) {
  if (vsm_journal_committed(r->o.journal) < r->position) {
    if (vsm_journal_state(r->o.journal).health == VSM_JOURNAL_FAILED)
      fail(r, "it is in force and cannot be recorded, as the journal has failed: a start knows nothing of it");
    return;
  }
  r->phase = DONE;
  vsm_log("rebuilt", "position=%llu seconds=%.1f held=%.3f", (unsigned long long)r->position,
          vsm_seconds(vsm_clock_boot_us() - r->begun_boot_us), vsm_seconds(r->held_us));
}

static void hand_over(struct vsm_rebuild *r) {
  struct vsm_recovered built = vsm_recovery_take(r->recovery);
  vsm_failpoint(VSM_FAIL_rebuild_level);
  int64_t position = r->o.on_level(r->o.ctx, &built, r->epoch);
  vsm_failpoint(VSM_FAIL_rebuild_recorded);
  if (position < 0) {
    vsm_recovered_fini(&built);
    fail(r, "it cannot be recorded: the journal has failed");
    return;
  }
  let_go(r);
  let_go_of_the_past(r, &built);
  r->position = (uint64_t)position;
  r->phase = RECORDING;
  r->o.hold(r->o.ctx, false);
  r->held_us = vsm_clock_boot_us() - r->held_boot_us;
  look_whether_it_is_on_disk(r);
}

// --- the last records

static void on_slice(void *ctx) {
  struct vsm_rebuild *r = ctx;
  struct vsm_journal_state s = vsm_journal_state(r->o.journal);
  if (s.health == VSM_JOURNAL_FAILED) {
    fail(r, "the journal has failed");
    return;
  }
  int result = vsm_recovery_go_on(r->recovery, SLICE_US);
  if (result == 0 && vsm_recovery_position(r->recovery) == s.appended) {
    hand_over(r);
    return;
  }
  if (result == 0 && vsm_journal_committed(r->o.journal) > vsm_recovery_position(r->recovery))
    result = vsm_recovery_follow(r->recovery);
  if (result < 0)
    fail(r, "the journal cannot be read to its end (the log says why)");
  else if (result == 1)
    vsm_timer_set(r->slice, PAUSE_US);
}

void vsm_rebuild_look(struct vsm_rebuild *r) {
  if (r->phase == LEVELLING)
    vsm_timer_set(r->slice, 0);
  else if (r->phase == RECORDING)
    look_whether_it_is_on_disk(r);
}

static void on_end(void *ctx) {
  struct vsm_rebuild *r = ctx;
  if (!has_ended(r) || r->phase != READING)
    return;
  join(r);
  if (r->result == 0 && vsm_recovery_first(r->recovery) > 1 && !r->partial)
    fail(r, "the journal was trimmed meanwhile: --partial goes on without what is gone");
  else if (r->result != 0)
    fail(r, "the journal cannot be read (the log says why)");
  else {
    r->phase = LEVELLING;
    r->held_boot_us = vsm_clock_boot_us();
    r->o.hold(r->o.ctx, true);
    on_slice(r);
  }
}

// --- the beginning

struct kept_since {
  uint64_t first;
  struct vsm_time received;
};

static int note_first(void *ctx, uint64_t position, const struct vsm_record *record) {
  *(struct kept_since *)ctx = (struct kept_since){position, record->received};
  return 1; // one is enough
}

static int find_first(const char *directory, struct kept_since *out, struct vsm_journal_why *why) {
  struct vsm_journal_reader *reader;
  struct vsm_journal_damage damage;
  int err = vsm_journal_reader_open(directory, 1, &reader, why);
  if (err)
    return err;
  *out = (struct kept_since){0};
  while (out->first == 0 && (err = vsm_journal_read(reader, note_first, out, &damage)) == VSM_EFORMAT)
    ; // what is missing before it
  vsm_journal_reader_close(reader);
  return err < 0 ? err : 0;
}

static int check(const struct vsm_rebuild *r, bool partial, struct vsm_journal_why *why) {
  struct kept_since since;
  char day[VSM_DATE_BYTES];
  if (vsm_rebuild_is_running(r)) {
    snprintf(why->text, sizeof why->text, "a rebuild is under way: vsm status says how far");
    return VSM_EINUSE;
  }
  int err = find_first(r->o.directory, &since, why);
  if (err || since.first <= 1 || partial)
    return err;
  vsm_date_print(since.received.us / VSM_DAY_US, day);
  snprintf(
      why->text, sizeof why->text,
      "the journal begins with record %llu, received on %s: what came before was let go of, and everything that only "
      "it told (items, counts, figures) would be gone; --partial rebuilds without it",
      (unsigned long long)since.first, day);
  return VSM_EINVAL;
}

int vsm_rebuild_start(struct vsm_rebuild *r, const struct vsm_config *config, bool partial,
                      struct vsm_journal_why *why) {
  int err = check(r, partial, why);
  if (err)
    return err;
  join(r); // the past of the one before
  r->kept = vsm_config_keep(config, &r->kept_bytes);
  r->partial = partial;
  r->begun_boot_us = vsm_clock_boot_us();
  atomic_store(&r->stop, false);
  atomic_store(&r->percent, 0);
  if (!r->kept || pthread_create(&r->thread, NULL, run, r) != 0) {
    snprintf(why->text, sizeof why->text, "no thread can be started for it");
    let_go(r);
    return VSM_ENOMEM;
  }
  r->threaded = true;
  r->phase = READING;
  vsm_log("rebuilding", "directory=%s partial=%s", r->o.directory, partial ? "yes" : "no");
  return 0;
}

// --- life

struct vsm_rebuild *vsm_rebuild_create(const struct vsm_rebuild_options *o) {
  struct vsm_rebuild *r = calloc(1, sizeof *r);
  if (!r)
    return NULL;
  r->o = *o;
  r->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  r->slice = vsm_timer_create(o->loop, on_slice, r);
  r->end = r->fd >= 0 ? vsm_watch_create(o->loop, r->fd, on_end, r) : NULL;
  if (r->slice && r->end)
    return r;
  vsm_rebuild_destroy(r);
  return NULL;
}

void vsm_rebuild_destroy(struct vsm_rebuild *r) {
  if (!r)
    return;
  if (r->slice)
    let_go(r);
  if (r->end)
    vsm_watch_destroy(r->end);
  if (r->fd >= 0)
    close(r->fd);
  vsm_timer_destroy(r->slice);
  free(r);
}
