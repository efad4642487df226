// An event without a time happened when it was received, by a daemon with the wall clock; one with the event clock has
// refused it. So the reader follows the configurations of the journal. Where the first of them was trimmed, the oldest
// checkpoint has it.
#include "statedir.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/err.h"
#include "cmd.h"
#include "conf/kept.h"
#include "store/checkpoint.h"
#include "wire/batch.h"

struct reader {
  struct vsm_kept_reading *r;
  struct vsm_arena arena;
  struct vsm_config *config; // in force; NULL: none was seen
  uint64_t position;
  int stopped; // what on_event returned
};

bool vsm_kept_is_there(const char *directory) {
  struct vsm_journal_reader *journal;
  struct vsm_journal_why why;
  struct stat st;
  bool missing = stat(directory, &st) != 0;
  if (missing || !S_ISDIR(st.st_mode)) {
    fprintf(stderr, "vsm: %s: %s; --state names the directory of daemon.state\n", directory,
            missing && errno == ENOENT ? "there is no such directory" : "no directory");
    return false;
  }
  int err = vsm_journal_reader_open(directory, 1, &journal, &why);
  vsm_journal_reader_close(journal);
  if (err)
    fprintf(stderr, "vsm: %s%s\n", why.text,
            err == VSM_ENOENT ? "; --state names the directory of daemon.state, in which journal.db lies" : "");
  return !err;
}

static void take_configuration(struct reader *x, struct vsm_str kept) {
  struct vsm_config *config;
  struct vsm_conf_report report;
  int err = vsm_config_parse_kept(kept, &config, &report);
  vsm_conf_report_fini(&report);
  if (err)
    return; // a daemon would not start on it, and say so
  vsm_config_destroy(x->config);
  x->config = config;
}

static void take_oldest_checkpoint(struct reader *x) {
  uint64_t positions[VSM_CHECKPOINTS_KEPT];
  struct vsm_checkpoint *c;
  struct vsm_journal_why why;
  int n = vsm_checkpoints_list(x->r->directory, positions, VSM_CHECKPOINTS_KEPT);
  for (int i = (n < VSM_CHECKPOINTS_KEPT ? n : VSM_CHECKPOINTS_KEPT) - 1; i >= 0 && !x->config; i--) {
    if (vsm_checkpoint_open(x->r->directory, positions[i], &c, &why) == 0 &&
        vsm_checkpoint_check(c, SIZE_MAX, &why) == 0)
      take_configuration(x, vsm_checkpoint_head(c)->configuration);
    vsm_checkpoint_close(c);
  }
}

static int64_t offset_of(const struct reader *x, struct vsm_str source) {
  const struct vsm_model *m = x->config ? &x->config->model : NULL;
  for (unsigned i = 0; m && i < m->n_sources; i++)
    if (vsm_str_eq(vsm_str_of(m->sources[i].id), source))
      return m->sources[i].offset_us;
  return 0;
}

// 0: a daemon refuses it.
static uint64_t time_of(const struct reader *x, const struct vsm_event *e) {
  if (e->refused != VSM_R_NONE)
    return 0;
  if (e->time_ns > 0)
    return e->time_ns / 1000 < (uint64_t)VSM_TIME_MAX ? e->time_ns : 0;
  if (x->config && x->config->model.clock == VSM_CLOCK_EVENT)
    return 0;
  return (uint64_t)(e->received.us + offset_of(x, e->source)) * 1000;
}

static int take_batch(struct reader *x, const struct vsm_record *record) {
  struct vsm_batch batch;
  vsm_arena_reset(&x->arena);
  if (vsm_wire_decode_batch(record->payload, record->received, &x->arena, &batch) != 0) {
    fprintf(stderr, "vsm: record %llu cannot be decoded\n", (unsigned long long)x->position);
    return VSM_FAILED;
  }
  for (size_t i = 0; i < batch.n_events && !x->stopped; i++) {
    const struct vsm_kept_event e = {&batch.events[i], x->position, i, time_of(x, &batch.events[i])};
    if (e.time_unix_nano == 0)
      x->r->refused++;
    else
      x->stopped = x->r->on_event(x->r->ctx, &e);
  }
  return x->stopped;
}

static int on_record(void *ctx, uint64_t position, const struct vsm_record *record) {
  struct reader *x = ctx;
  x->position = position;
  if (position > x->r->last)
    return 0;
  if (x->r->begins == 0)
    x->r->begins = position;
  if (record->kind == VSM_RECORD_CONFIGURATION)
    take_configuration(x, record->payload);
  else if (!x->config)
    take_oldest_checkpoint(x);
  if (record->kind == VSM_RECORD_CONTROL)
    x->r->actions++;
  return record->kind == VSM_RECORD_BATCH ? take_batch(x, record) : 0;
}

// What is missing before the first record was trimmed, which is no damage.
static void on_damage(struct reader *x, const struct vsm_journal_damage *d) {
  x->position = d->last;
  if (x->r->begins == 0 && d->first == 1)
    return;
  x->r->damaged = true;
  fprintf(stderr, "vsm: the journal is damaged: positions %llu to %llu are gone (%s)\n", (unsigned long long)d->first,
          (unsigned long long)d->last, d->why);
}

static int read_all(struct reader *x, struct vsm_journal_reader *journal, uint64_t last) {
  struct vsm_journal_damage damage;
  int result = 1;
  while ((result == 1 || result == VSM_EFORMAT) && x->position < last) {
    result = vsm_journal_read(journal, on_record, x, &damage);
    if (result == VSM_EFORMAT)
      on_damage(x, &damage);
    if (x->r->on_progress)
      x->r->on_progress(x->r->ctx, (double)x->position / (double)(last + 1));
  }
  if (x->stopped || result >= 0 || result == VSM_EFORMAT)
    return x->stopped;
  fprintf(stderr, "vsm: the journal of %s cannot be read on: %s\n", x->r->directory, vsm_err_text(result));
  return VSM_FAILED;
}

int vsm_kept_read(struct vsm_kept_reading *r) {
  struct reader x = {.r = r};
  struct vsm_journal_reader *journal;
  struct vsm_journal_why why;
  r->refused = r->actions = r->begins = 0;
  r->damaged = false;
  if (vsm_journal_reader_open(r->directory, 1, &journal, &why) != 0) {
    fprintf(stderr, "vsm: %s\n", why.text);
    return VSM_FAILED;
  }
  uint64_t end = vsm_journal_reader_last(journal);
  vsm_arena_init(&x.arena, VSM_BATCH_ARENA_BYTES);
  r->last = r->last > 0 && r->last < end ? r->last : end;
  int status = read_all(&x, journal, r->last);
  vsm_journal_reader_close(journal);
  vsm_arena_fini(&x.arena);
  vsm_config_destroy(x.config);
  return status;
}

static void show_progress(void *progress, const struct vsm_recovery *r) {
  vsm_progress_show(progress, vsm_recovery_percent(r), vsm_recovery_percent(r) / 100.0);
}

int vsm_kept_recover(const char *directory, struct vsm_str under, uint64_t last, struct vsm_recovered *out) {
  struct vsm_progress progress;
  *out = (struct vsm_recovered){0};
  vsm_progress_begin(&progress, under.n ? "percent of the journal mapped anew" : "percent of the state read");
  int err = vsm_recovery_run(
      &(struct vsm_recovery_options){.directory = directory, .only_read = true, .under = under, .last = last},
      show_progress, &progress, out);
  vsm_progress_end(&progress);
  if (!err && out->core)
    return VSM_DONE;
  if (!err)
    fprintf(stderr, "vsm: %s: the journal is empty\n", directory);
  return VSM_FAILED;
}
