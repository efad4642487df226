// Of each checkpoint, the newest first: is the file whole, is it of this journal, can its configuration and its state
// be read? One that fails is set aside. One of a format that this program does not read is not touched, and ends the
// start: another vsmd can read it.
#include "shell/resume.h"

#include <stdlib.h>

#include "base/err.h"
#include "conf/kept.h"
#include "core/save.h"
#include "core/view.h"
#include "shell/log.h"
#include "store/checkpoint.h"

enum { CANDIDATES = 8, ITEMS_AT_ONCE = 1000, BYTES_AT_ONCE = 1 << 20 };

struct vsm_resume {
  const char *directory;
  const struct vsm_journal_reader *journal;
  bool only_read;
  uint64_t positions[CANDIDATES];
  int next, n;
  struct vsm_checkpoint *checkpoint; // that is checked, then loaded; NULL: none yet
  struct vsm_config *config;
  struct vsm_loading *loading;
  struct vsm_recovered out;
};

struct vsm_resume *vsm_resume_create(const char *directory, const struct vsm_journal_reader *journal, bool only_read) {
  struct vsm_resume *r = calloc(1, sizeof *r);
  if (!r)
    return NULL;
  r->directory = directory;
  r->journal = journal;
  r->only_read = only_read;
  r->n = vsm_checkpoints_list(directory, r->positions, CANDIDATES);
  if (r->n >= 0) {
    r->n = r->n < CANDIDATES ? r->n : CANDIDATES;
    return r;
  }
  vsm_log("recovery_failed", "why=\"%s cannot be listed\"", directory);
  vsm_resume_destroy(r);
  return NULL;
}

// The state borrows the checkpoint's bytes while it is loaded, the core the configuration's model.
static void close_checkpoint(struct vsm_resume *r) {
  vsm_loading_destroy(r->loading);
  vsm_config_destroy(r->config);
  vsm_checkpoint_close(r->checkpoint);
  r->loading = NULL;
  r->config = NULL;
  r->checkpoint = NULL;
}

void vsm_resume_destroy(struct vsm_resume *r) {
  if (!r)
    return;
  close_checkpoint(r);
  vsm_recovered_fini(&r->out);
  free(r);
}

static int fail(const char *why) {
  vsm_log("recovery_failed", "why=\"%s\"", why);
  return VSM_EIO;
}

static int set_aside(struct vsm_resume *r, const char *why) {
  uint64_t position = r->positions[r->next++];
  close_checkpoint(r);
  vsm_log(r->only_read ? "checkpoint_passed_over" : "checkpoint_set_aside", "position=%llu why=\"%s\"",
          (unsigned long long)position, why);
  if (r->only_read)
    return 1;
  return vsm_checkpoint_set_aside(r->directory, position) == 0 ? 1 : fail("a bad checkpoint cannot be renamed");
}

// A record that is damaged by now is no reason not to believe the checkpoint: that is what it is for.
static bool is_of_this_journal(const struct vsm_resume *r, const struct vsm_checkpoint_head *head) {
  uint64_t mark;
  return head->position <= vsm_journal_reader_last(r->journal) &&
         (vsm_journal_reader_mark(r->journal, head->position, &mark) != 0 || mark == head->mark);
}

static int begin_loading(struct vsm_resume *r) {
  const struct vsm_checkpoint_head *head = vsm_checkpoint_head(r->checkpoint);
  struct vsm_conf_report report;
  if (!is_of_this_journal(r, head))
    return set_aside(r, "it is of another journal than the one beside it");
  int err = vsm_config_parse_kept(head->configuration, &r->config, &report);
  vsm_conf_report_fini(&report);
  if (err)
    return set_aside(r, "its configuration cannot be read again");
  r->loading = vsm_loading_create(&r->config->model, vsm_checkpoint_state(r->checkpoint));
  return r->loading ? 1 : VSM_ENOMEM;
}

static int open_next(struct vsm_resume *r) {
  struct vsm_journal_why why;
  if (r->next == r->n)
    return 0;
  int err = vsm_checkpoint_open(r->directory, r->positions[r->next], &r->checkpoint, &why);
  if (err == VSM_ENOENT) { // newer ones took its place
    r->next++;
    return 1;
  }
  return err ? fail(why.text) : 1;
}

static int check(struct vsm_resume *r) {
  struct vsm_journal_why why;
  int result = vsm_checkpoint_check(r->checkpoint, BYTES_AT_ONCE, &why);
  if (result == VSM_EFORMAT)
    return set_aside(r, why.text);
  return result == 0 ? begin_loading(r) : result < 0 ? fail(why.text) : 1;
}

static int finish(struct vsm_resume *r) {
  const struct vsm_checkpoint_head *head = vsm_checkpoint_head(r->checkpoint);
  r->out = (struct vsm_recovered){.last = head->last, .checkpoint = head->position, .rebuilt = head->rebuilt};
  if (vsm_recovered_keep(&r->out, head->configuration) != 0)
    return VSM_ENOMEM;
  r->out.core = vsm_loading_take(r->loading);
  r->out.config = r->config;
  r->config = NULL;
  close_checkpoint(r);
  if (!r->only_read)
    vsm_log("checkpoint_loaded", "position=%llu items=%llu", (unsigned long long)r->out.checkpoint,
            (unsigned long long)vsm_core_items_held(r->out.core));
  return 0;
}

int vsm_resume_go_on(struct vsm_resume *r) {
  if (!r->checkpoint)
    return open_next(r);
  if (!r->loading)
    return check(r);
  int result = vsm_loading_go_on(r->loading, ITEMS_AT_ONCE);
  if (result == VSM_EFORMAT)
    return set_aside(r, "its state cannot be read");
  return result == 0 ? finish(r) : result;
}

unsigned vsm_resume_percent(const struct vsm_resume *r) {
  return r->loading ? vsm_loading_percent(r->loading) : 0;
}

struct vsm_recovered vsm_resume_take(struct vsm_resume *r) {
  struct vsm_recovered out = r->out;
  r->out = (struct vsm_recovered){0};
  return out;
}
