// Reading goes by slices of a timer, so that signals and publications have their turn; nobody is answered meanwhile.
#include "shell/keep.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/err.h"
#include "conf/kept.h"
#include "core/view.h"
#include "shell/checkpoints.h"
#include "shell/clock.h"
#include "shell/forget.h"
#include "shell/log.h"
#include "shell/notify.h"
#include "store/checkpoint.h"
#include "store/forgetting.h"
#include "store/history.h"
#include "store/rewrite.h"
#include "store/little.h"
#include "wire/request.h"

#define SLICE_US (50 * INT64_C(1000))
#define PAUSE_US INT64_C(1000) // between slices: a timer that is always due would leave no turn to sockets
#define PROGRESS_EVERY_US VSM_SECOND_US
#define TRIM_EVERY_US VSM_SECOND_US
#define STANDSTILL_US (10 * VSM_SECOND_US)

struct vsm_keep {
  struct vsm_keep_options o;
  char *directory;
  bool forgetting;
  bool asked_again; // a search that is under way, or done, also before this start, may not have seen the order
  struct vsm_journal *journal;
  struct vsm_watch *news;
  struct vsm_timer *slice;
  struct vsm_recovery *recovery; // NULL: over
  struct vsm_checkpoints *checkpoints;
  struct vsm_rebuild *rebuild;
  uint64_t rebuilt;      // a start from a checkpoint before this position needs all of the journal
  char *fallback, *kept; // the file's configuration; the one in force by the journal, or NULL
  size_t fallback_bytes, kept_bytes;
  int64_t begun_boot_us, told_boot_us, trimmed_boot_us;
};

// --- recovery

static void tell_progress(struct vsm_keep *k) {
  int64_t now = vsm_clock_boot_us();
  if (now - k->told_boot_us < PROGRESS_EVERY_US)
    return;
  k->told_boot_us = now;
  vsm_log("recovering", "percent=%u seconds=%.1f", vsm_recovery_percent(k->recovery),
          vsm_seconds(now - k->begun_boot_us));
  vsm_notify("EXTEND_TIMEOUT_USEC=60000000");
  k->o.on_progress(k->o.ctx);
}

static void on_slice(void *ctx) {
  struct vsm_keep *k = ctx;
  int result = vsm_recovery_go_on(k->recovery, SLICE_US);
  if (result == 1) {
    tell_progress(k);
    vsm_timer_set(k->slice, PAUSE_US);
    return;
  }
  struct vsm_recovered r = {0};
  if (result == 0)
    r = vsm_recovery_take(k->recovery);
  k->rebuilt = r.rebuilt;
  k->kept = r.kept;
  k->kept_bytes = r.kept_bytes;
  vsm_recovery_destroy(k->recovery);
  k->recovery = NULL;
  if (r.core)
    vsm_log("recovered", "checkpoint=%llu records=%llu events=%llu seconds=%.1f", (unsigned long long)r.checkpoint,
            (unsigned long long)r.records, (unsigned long long)r.events,
            vsm_seconds(vsm_clock_boot_us() - k->begun_boot_us));
  if (result == 0)
    vsm_checkpoints_begin(k->checkpoints, r.core ? vsm_core_ingest(r.core).received : 0, r.events);
  k->o.on_recovered(k->o.ctx, result, r.core, r.config, r.last);
}

// --- life

static void on_news(void *ctx) {
  struct vsm_keep *k = ctx;
  vsm_journal_take_news(k->journal);
  vsm_rebuild_look(k->rebuild);
  k->o.on_news(k->o.ctx);
}

static void on_checkpoint(void *ctx) {
  struct vsm_keep *k = ctx;
  k->trimmed_boot_us = 0; // more may go now
  k->o.on_news(k->o.ctx);
}

static int create_parts(struct vsm_keep *k) {
  struct vsm_journal_why why;
  k->directory = strdup(k->o.config->state);
  k->fallback = vsm_config_keep(k->o.config, &k->fallback_bytes);
  k->slice = vsm_timer_create(k->o.loop, on_slice, k);
  k->checkpoints = vsm_checkpoints_create(&(struct vsm_checkpoints_options){
      .loop = k->o.loop, .directory = k->directory, .config = k->o.config_path, .on_end = on_checkpoint, .ctx = k});
  if (!k->directory || !k->fallback || !k->slice || !k->checkpoints)
    return VSM_ENOMEM;
  int err = vsm_journal_open(k->directory, &k->journal, &why);
  if (err) {
    vsm_log("state_failed", "why=\"%s\"", why.text);
    return err;
  }
  k->rebuild = vsm_rebuild_create(&(struct vsm_rebuild_options){.loop = k->o.loop,
                                                                .directory = k->directory,
                                                                .journal = k->journal,
                                                                .hold = k->o.hold,
                                                                .on_level = k->o.on_level,
                                                                .ctx = k->o.ctx});
  k->news = vsm_watch_create(k->o.loop, vsm_journal_news_fd(k->journal), on_news, k);
  k->recovery = vsm_recovery_create(&(struct vsm_recovery_options){.directory = k->directory,
                                                                   .journal = k->journal,
                                                                   .fallback = {k->fallback, k->fallback_bytes},
                                                                   .salvage = k->o.salvage});
  return k->news && k->recovery && k->rebuild ? 0 : VSM_EIO;
}

struct vsm_keep *vsm_keep_create(const struct vsm_keep_options *o) {
  struct vsm_keep *k = calloc(1, sizeof *k);
  if (!k)
    return NULL;
  k->o = *o;
  if (create_parts(k) != 0) {
    vsm_keep_destroy(k);
    return NULL;
  }
  k->forgetting = k->asked_again = vsm_forgetting_is_marked(k->directory);
  k->begun_boot_us = k->told_boot_us = vsm_clock_boot_us();
  vsm_timer_set(k->slice, 0);
  return k;
}

void vsm_keep_destroy(struct vsm_keep *k) {
  if (!k)
    return;
  vsm_checkpoints_destroy(k->checkpoints);
  vsm_rebuild_destroy(k->rebuild);
  vsm_recovery_destroy(k->recovery);
  vsm_timer_destroy(k->slice);
  if (k->news)
    vsm_watch_destroy(k->news);
  vsm_journal_close(k->journal);
  free(k->kept);
  free(k->fallback);
  free(k->directory);
  free(k);
}

struct vsm_journal *vsm_keep_journal(struct vsm_keep *k) {
  return k->journal;
}

void vsm_keep_push(struct vsm_keep *k, bool more) {
  vsm_journal_push(k->journal, more);
}

void vsm_keep_finish(struct vsm_keep *k) {
  vsm_journal_end(k->journal);
}

// --- records

static int record(struct vsm_keep *k, enum vsm_record_kind kind, struct vsm_time now, struct vsm_str payload) {
  int64_t position = vsm_journal_append(
      k->journal,
      &(struct vsm_record){.kind = kind, .channel = VSM_CHANNEL_DAEMON, .received = now, .payload = payload});
  return position < 0 ? (int)position : 0;
}

int64_t vsm_keep_order(struct vsm_keep *k, struct vsm_str request, struct vsm_time now) {
  return vsm_journal_append(
      k->journal, &(struct vsm_record){
                      .kind = VSM_RECORD_CONTROL, .channel = VSM_CHANNEL_QUERY, .received = now, .payload = request});
}

int64_t vsm_keep_rebuilt(struct vsm_keep *k, uint64_t from, struct vsm_time now) {
  uint8_t request[VSM_REBUILD_BYTES_MAX];
  size_t n = vsm_wire_encode_rebuild(from, request);
  int64_t position = vsm_keep_order(k, (struct vsm_str){(const char *)request, n}, now);
  if (position > 0) {
    k->rebuilt = (uint64_t)position;
    vsm_checkpoints_want(k->checkpoints); // without one a start reads the whole journal
  }
  return position;
}

int vsm_keep_begin(struct vsm_keep *k, const struct vsm_config *config, bool *differs) {
  size_t n;
  char *text = vsm_config_keep(config, &n);
  if (!text)
    return VSM_ENOMEM;
  *differs = !k->kept || !vsm_str_eq((struct vsm_str){text, n}, (struct vsm_str){k->kept, k->kept_bytes});
  free(text);
  return vsm_journal_begin(k->journal);
}

// A configuration that could not be read back would be found out at the next start, which is too late.
int vsm_keep_check(const struct vsm_config *config, char **text) {
  size_t n, bytes;
  struct vsm_config *again;
  struct vsm_conf_report report;
  char *kept = vsm_config_keep(config, &n);
  *text = NULL;
  if (!kept)
    return VSM_ENOMEM;
  int err = n > VSM_RECORD_BYTES_MAX ? VSM_ELIMIT : 0;
  if (!err) {
    err = vsm_config_parse_kept((struct vsm_str){kept, n}, &again, &report);
    FILE *f = err ? open_memstream(text, &bytes) : NULL;
    if (f) {
      fprintf(f, "%s: cannot be read back as the journal keeps it, which is a mistake of vsmd:\n", config->path);
      vsm_conf_report_print(&report, f);
      fclose(f);
    }
    vsm_conf_report_fini(&report);
    vsm_config_destroy(again);
  }
  free(kept);
  return err;
}

int vsm_keep_configuration(struct vsm_keep *k, const struct vsm_config *config, struct vsm_time now) {
  size_t n;
  char *text = vsm_config_keep(config, &n);
  int err = text ? record(k, VSM_RECORD_CONFIGURATION, now, (struct vsm_str){text, n}) : VSM_ENOMEM;
  free(text);
  return err;
}

int vsm_keep_start(struct vsm_keep *k, struct vsm_time now) {
  return record(k, VSM_RECORD_START, now, vsm_str_of(VSM_VERSION));
}

int vsm_keep_looked(struct vsm_keep *k, struct vsm_time now) {
  return record(k, VSM_RECORD_LOOKED, now, (struct vsm_str){0});
}

int vsm_keep_room(struct vsm_keep *k, uint64_t items, struct vsm_time now) {
  unsigned char payload[VSM_ROOM_BYTES];
  vsm_little_put(payload, items, sizeof payload);
  return record(k, VSM_RECORD_ROOM, now, (struct vsm_str){(const char *)payload, sizeof payload});
}

// --- checkpoints

// The group at whose end the older checkpoint stands stays: by it the checkpoint is known to be of this journal. Who
// starts from one that lies before a rebuild maps everything anew: then all of it stays, as it does for a rebuild.
static void trim(struct vsm_keep *k, const struct vsm_conf_daemon *c) {
  uint64_t covered = vsm_checkpoints_covered(k->checkpoints);
  if (covered < k->rebuilt || vsm_rebuild_is_running(k->rebuild))
    covered = 0;
  struct vsm_journal_trim t = {
      .below = covered > 0 ? covered : 1, .received_before = {INT64_MIN}, .max_bytes = c->journal_max_bytes};
  if (c->journal_keep.us > 0)
    t.received_before.us = vsm_clock_wall_us() - c->journal_keep.us;
  vsm_journal_trim(k->journal, &t);
}

// --- forgetting

int vsm_keep_forget(struct vsm_keep *k) {
  int err = vsm_forgetting_mark(k->directory);
  k->asked_again = true;
  k->forgetting = k->forgetting || !err;
  return err;
}

static void have_forgotten(struct vsm_keep *k) {
  k->forgetting = false;
  vsm_checkpoint_remove_bad(k->directory);
  vsm_history_remove_bad(k->directory);
  vsm_forgetting_unmark(k->directory);
  vsm_log("forgotten", "directory=%s", k->directory);
}

static void finish_round(struct vsm_keep *k, enum vsm_journal_rewriting how) {
  bool nothing = vsm_rewrite_is_empty(k->directory);
  struct vsm_journal_state s = vsm_journal_state(k->journal);
  vsm_rewrite_remove(k->directory);
  if (how == VSM_REWRITE_DONE && nothing && !k->asked_again)
    have_forgotten(k);
  else
    k->asked_again = k->asked_again && s.appended != vsm_journal_committed(k->journal);
}

// In rounds, until one finds nothing: two checkpoints that know nothing of it any more; the process that made the
// second finds the records that do; these are put in other words. Each checkpoint needs a record of its own. Where
// history.db cannot be changed nothing is looked for, as what is to be forgotten may stand there. And nothing is put in
// other words where the next checkpoint begins before a rebuild: it reads the whole journal, and would bring back an
// item whose events it read before and the order behind.
static void go_on_forgetting(struct vsm_keep *k, struct vsm_time now) {
  enum vsm_journal_rewriting how = vsm_journal_rewriting(k->journal);
  if (how == VSM_REWRITE_DONE || how == VSM_REWRITE_UNDONE)
    finish_round(k, how);
  if (!k->forgetting || how == VSM_REWRITE_UNDER_WAY || vsm_checkpoints_are_made(k->checkpoints) ||
      vsm_rebuild_is_running(k->rebuild))
    return;
  uint64_t appended = vsm_journal_state(k->journal).appended, covered = vsm_checkpoints_covered(k->checkpoints);
  if (vsm_rewrite_exists(k->directory) && covered >= k->rebuilt) {
    vsm_journal_rewrite(k->journal, k->directory, covered);
  } else if (vsm_checkpoints_may_follow(k->checkpoints)) {
    if (appended == vsm_checkpoints_newest(k->checkpoints) && appended == vsm_journal_committed(k->journal))
      vsm_keep_order(k, vsm_wire_forgotten, now);
    vsm_checkpoints_want(k->checkpoints);
  }
}

void vsm_keep_look(struct vsm_keep *k, const struct vsm_config *config, uint64_t received, struct vsm_time now_wall) {
  struct vsm_journal_state s = vsm_journal_state(k->journal);
  if (k->recovery || s.health != VSM_JOURNAL_WELL)
    return;
  if (k->forgetting)
    go_on_forgetting(k, now_wall);
  vsm_checkpoints_look(k->checkpoints, received, vsm_journal_committed(k->journal), s.crowded);
  int64_t now = vsm_clock_boot_us();
  if (now - k->trimmed_boot_us < TRIM_EVERY_US)
    return;
  k->trimmed_boot_us = now;
  trim(k, &config->daemon);
}

void vsm_keep_give_way(struct vsm_keep *k, bool give_way) {
  vsm_checkpoints_give_way(k->checkpoints, give_way);
}

// --- a rebuild

int vsm_keep_rebuild(struct vsm_keep *k, const struct vsm_config *config, bool partial, struct vsm_journal_why *why) {
  const struct vsm_journal_trim no_more = {.below = 1, .received_before = {INT64_MIN}, .max_bytes = INT64_MAX};
  vsm_journal_trim(k->journal, &no_more);
  return vsm_rebuild_start(k->rebuild, config, partial, why);
}

struct vsm_rebuild *vsm_keep_rebuilding(struct vsm_keep *k) {
  return k->rebuild;
}

// --- how it fares

void vsm_keep_trouble(struct vsm_keep *k, char *out, size_t size) {
  struct vsm_journal_state s = vsm_journal_state(k->journal);
  int64_t waits = s.waiting_boot_us ? vsm_clock_boot_us() - s.waiting_boot_us : 0;
  *out = '\0';
  if (k->recovery)
    snprintf(out, size, "the journal is read (%u %%): nothing is received or answered until then",
             vsm_recovery_percent(k->recovery));
  else if (s.health == VSM_JOURNAL_FAILED)
    snprintf(out, size, "acks stand still until a restart: %s in %s", s.why, k->directory);
  else if (s.health == VSM_JOURNAL_TRYING)
    snprintf(out, size, "acks stand still, and it is tried again: %s in %s", s.why, k->directory);
  else if (waits > STANDSTILL_US)
    snprintf(out, size, "acks stand still: the disk of %s has not answered for 10 seconds", k->directory);
  else if (vsm_checkpoints_fail(k->checkpoints))
    snprintf(out, size, "the last checkpoint in %s failed (the log says why): a start takes longer, the journal grows",
             k->directory);
  else if (vsm_checkpoints_undone(k->checkpoints) == VSM_CHECKPOINT_NOT_FORGOTTEN)
    snprintf(out, size, "what is to be forgotten still stands in %s (the log says why): it is tried again each minute",
             k->directory);
  else if (vsm_checkpoints_undone(k->checkpoints) == VSM_CHECKPOINT_NO_HISTORY)
    snprintf(out, size, "%s/history.db could not be brought up to date (the log says why): it is as it was before",
             k->directory);
}

bool vsm_keep_is_durable(struct vsm_keep *k) {
  return !k->recovery && vsm_journal_state(k->journal).health == VSM_JOURNAL_WELL;
}
