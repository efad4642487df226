// The state directory, as the daemon sees it: what is there is recovered first, then everything that changes the state
// is recorded.
#pragma once
#include "conf/conf.h"
#include "shell/loop.h"
#include "shell/rebuild.h"
#include "shell/recovery.h"

struct vsm_keep;

struct vsm_keep_options {
  struct vsm_loop *loop;
  const struct vsm_config *config; // the file's; borrowed until it was recovered
  const char *config_path;         // borrowed
  bool salvage;
  vsm_loop_fn *on_progress; // every second while the journal is read
  // It was read, which may have failed (err, logged). What was recovered is the taker's; core NULL: nothing was there.
  void (*on_recovered)(void *ctx, int err, struct vsm_core *core, struct vsm_config *config, struct vsm_time last);
  // Of a rebuild: nothing is received for a moment; another core takes the live one's place (vsm_rebuild_options).
  void (*hold)(void *ctx, bool held);
  int64_t (*on_level)(void *ctx, struct vsm_recovered *built, uint64_t epoch);
  vsm_loop_fn *on_news; // more is on disk, or acks stand still, or do so no more
  void *ctx;
};

// Takes the directory and opens the journal, and reads it when the loop runs. NULL: it could not, and the log says why.
struct vsm_keep *vsm_keep_create(const struct vsm_keep_options *options);
void vsm_keep_destroy(struct vsm_keep *k); // NULL-safe
struct vsm_journal *vsm_keep_journal(struct vsm_keep *k);

// After recovery: records begin. Of the configuration file: *differs from the one that is in force by the journal.
int vsm_keep_begin(struct vsm_keep *k, const struct vsm_config *config, bool *differs);
// That a configuration can be read back from a record; *text says what is wrong, for free(), or is NULL.
int vsm_keep_check(const struct vsm_config *config, char **text);
int vsm_keep_configuration(struct vsm_keep *k, const struct vsm_config *config, struct vsm_time now);
// What was asked for, as it came. The position of its record, or a negative enum vsm_err.
int64_t vsm_keep_order(struct vsm_keep *k, struct vsm_str request, struct vsm_time now);
// The record that everything before it was mapped anew, from a position on. Its position, or a negative enum vsm_err.
int64_t vsm_keep_rebuilt(struct vsm_keep *k, uint64_t from, struct vsm_time now);
// Something is about to be forgotten: from now on, also after a start, the directory is freed of it. 0 or VSM_EIO.
int vsm_keep_forget(struct vsm_keep *k);
int vsm_keep_start(struct vsm_keep *k, struct vsm_time now); // records a start
// Records that alerts were told of which nothing but time had brought, so that a start does not take that time for one
// in which no daemon ran. 0 or VSM_EIO.
int vsm_keep_looked(struct vsm_keep *k, struct vsm_time now);
void vsm_keep_push(struct vsm_keep *k, bool more); // has committed what was recorded; with more that comes all the time
// For how many items there is memory from here on (vsm_core_set_room()). 0 or a negative enum vsm_err.
int vsm_keep_room(struct vsm_keep *k, uint64_t items, struct vsm_time now);
void vsm_keep_finish(struct vsm_keep *k); // waits for what can be committed; no more records

// Now and then, once records began: makes a checkpoint where one is due, and lets go of what the journal need not keep.
void vsm_keep_look(struct vsm_keep *k, const struct vsm_config *config, uint64_t received, struct vsm_time now);
void vsm_keep_give_way(struct vsm_keep *k, bool give_way); // the process that makes one stands still, or goes on

// Maps the whole journal anew under a configuration, the one in force. As vsm_rebuild_start().
int vsm_keep_rebuild(struct vsm_keep *k, const struct vsm_config *config, bool partial, struct vsm_journal_why *why);
struct vsm_rebuild *vsm_keep_rebuilding(struct vsm_keep *k);

// What a person must act on, "" for nothing.
void vsm_keep_trouble(struct vsm_keep *k, char *out, size_t size);
bool vsm_keep_is_durable(struct vsm_keep *k); // acks do not stand still
