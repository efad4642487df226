// It does what a start does: loads the last checkpoint, steps through the journal, which is only read, in transactions
// of one statement; then it writes what came of it, and ends. So it needs nothing of the daemon's memory, and each
// checkpoint tries the way of a restart. It ends with the daemon, and takes processor and disk only where nobody else
// wants them. Before that it brings history.db up to date: so what a checkpoint does not hold any more stands there.
#include "shell/checkpoint.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/err.h"
#include "conf/kept.h"
#include "core/save.h"
#include "shell/clock.h"
#include "shell/forget.h"
#include "shell/history.h"
#include "shell/log.h"
#include "shell/process.h"
#include "shell/recovery.h"
#include "store/checkpoint.h"
#include "store/failpoint.h"
#include "store/pause.h"

static char *load_fallback(const char *path, size_t *n) {
  struct vsm_config *config = NULL;
  struct vsm_conf_report report;
  *n = 0;
  if (!path)
    return NULL;
  char *kept = vsm_config_load(path, &config, &report) == 0 ? vsm_config_keep(config, n) : NULL;
  vsm_conf_report_fini(&report);
  vsm_config_destroy(config);
  return kept;
}

static int write_state(struct vsm_checkpoint_writer *w, const struct vsm_core *core, uint64_t *bytes,
                       struct vsm_journal_why *why) {
  int err = vsm_core_save(core, vsm_checkpoint_write, w);
  if (err)
    snprintf(why->text, sizeof why->text, "it cannot be written: %s", vsm_err_text(err));
  return err ? err : vsm_checkpoint_finish(w, bytes, why);
}

static int write_checkpoint(const char *directory, const struct vsm_recovered *r, uint64_t *bytes) {
  struct vsm_checkpoint_writer *w;
  struct vsm_journal_why why;
  struct vsm_checkpoint_head head = {.position = r->position,
                                     .mark = r->mark,
                                     .rebuilt = r->rebuilt,
                                     .last = r->last,
                                     .configuration = {r->kept, r->kept_bytes}};
  int err = vsm_checkpoint_create(directory, &head, &w, &why);
  if (!err)
    err = write_state(w, r->core, bytes, &why);
  if (err)
    vsm_log("checkpoint_failed", "position=%llu why=\"%s\"", (unsigned long long)r->position, why.text);
  vsm_checkpoint_close_writer(w);
  return err;
}

static enum vsm_checkpoint_status make(const char *directory, struct vsm_str fallback) {
  struct vsm_recovered r = {0};
  int64_t begun = vsm_clock_boot_us();
  uint64_t bytes = 0;
  struct vsm_chronicle *chronicle = vsm_chronicle_begin(directory);
  int err = vsm_recovery_run(&(struct vsm_recovery_options){.directory = directory,
                                                            .fallback = fallback,
                                                            .on_sealed = chronicle ? vsm_chronicle_on_sealed : NULL,
                                                            .on_anew = chronicle ? vsm_chronicle_on_anew : NULL,
                                                            .ctx = chronicle},
                             NULL, NULL, &r);
  vsm_failpoint(VSM_FAIL_checkpoint_read);
  bool told = chronicle && (err || !r.core || vsm_chronicle_finish(chronicle, &r) == 0);
  vsm_chronicle_end(chronicle);
  bool news = !err && r.kept && r.position > r.checkpoint; // without `kept` its configuration is not recorded yet
  if (!err)
    err = news ? write_checkpoint(directory, &r, &bytes) : vsm_checkpoint_sync(directory);
  if (!err && news)
    vsm_log("checkpoint", "position=%llu bytes=%llu events=%llu seconds=%.1f", (unsigned long long)r.position,
            (unsigned long long)bytes, (unsigned long long)r.events, vsm_seconds(vsm_clock_boot_us() - begun));
  int not_found = 0;
  if (!err && r.kept && told) // else what is to be forgotten may stand in history.db
    not_found = vsm_forget_look(directory, (struct vsm_str){r.kept, r.kept_bytes});
  vsm_recovered_fini(&r);
  return err         ? VSM_CHECKPOINT_FAILED
         : !told     ? VSM_CHECKPOINT_NO_HISTORY
         : not_found ? VSM_CHECKPOINT_NOT_FORGOTTEN
                     : VSM_CHECKPOINT_MADE;
}

enum vsm_checkpoint_status vsm_checkpoint_make(const char *directory, const char *config) {
  size_t n;
  vsm_process_stay_behind();
  vsm_pause_allow(); // once it ends with the daemon
  int lock = vsm_checkpoint_lock(directory);
  if (lock < 0) {
    vsm_log("checkpoint_failed", "why=\"%s: %s\"", directory,
            lock == VSM_EINUSE ? "another process makes one" : "checkpoint.lock cannot be opened");
    return VSM_CHECKPOINT_FAILED;
  }
  char *fallback = load_fallback(config, &n);
  enum vsm_checkpoint_status status = make(directory, (struct vsm_str){fallback, n});
  free(fallback);
  close(lock);
  return status;
}
