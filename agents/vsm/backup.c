#include "store/backup.h"

#include <stdio.h>
#include <string.h>

#include "cmd.h"
#include "statedir.h"
#include "text.h"

static void on_progress(void *ctx, uint64_t records, double share) {
  vsm_progress_show(ctx, records, share);
}

static void print_json(const char *to, const struct vsm_backup_counts *c) {
  fputs("{\"directory\": ", stdout);
  vsm_text_json(stdout, to, strlen(to));
  printf(", \"begins\": %llu, \"position\": %llu, \"bytes\": %llu, \"checkpoints\": [", (unsigned long long)c->begins,
         (unsigned long long)c->position, (unsigned long long)c->bytes);
  for (unsigned i = 0; i < c->n_checkpoints; i++)
    printf("%s%llu", i ? ", " : "", (unsigned long long)c->checkpoints[i]);
  printf("], \"history\": %s}\n", c->history ? "true" : "false");
}

static void print_text(const char *to, const struct vsm_backup_counts *c) {
  char begins[32], position[32], bytes[32];
  printf("%s: records %s to %s, %u checkpoint%s%s, %s bytes\n", to, vsm_text_number(c->begins, begins, sizeof begins),
         vsm_text_number(c->position, position, sizeof position), c->n_checkpoints, c->n_checkpoints == 1 ? "" : "s",
         c->history ? ", history.db" : "", vsm_text_number(c->bytes, bytes, sizeof bytes));
}

int vsm_cmd_backup(int argc, char **argv) {
  const char *state = NULL;
  bool json = false;
  const struct vsm_flag flags[] = {
      {"state", VSM_FLAG_TEXT, &state, "STATE", "the state directory (daemon.state); a daemon may be running on it"},
      {"json", VSM_FLAG, &json, NULL, "what was copied as JSON"},
  };
  const struct vsm_usage usage = {"vsm backup DIR --state STATE",
                                  "Copies a state directory to a new one, DIR, while the daemon runs. DIR is there "
                                  "when the backup is whole and on\n"
                                  "disk; until then it is DIR.new. A daemon whose daemon.state is DIR, or that finds "
                                  "it in the place of a lost one,\n"
                                  "starts with all that was acked before the backup began.",
                                  "  vsm backup /backup/vsmd-$(date +%F) --state /var/lib/vsmd/state\n",
                                  VSM_ARRAY(flags),
                                  1,
                                  1};
  struct vsm_progress progress;
  struct vsm_backup_counts counts;
  struct vsm_journal_why why;
  int n, status = vsm_options(argc, argv, &usage, &n);
  if (status >= 0)
    return status;
  if (!state) {
    fprintf(stderr, "vsm: --state STATE is needed: the directory of daemon.state\n");
    return VSM_WRONG_USAGE;
  }
  if (!vsm_kept_is_there(state))
    return VSM_FAILED;
  vsm_progress_begin(&progress, "records");
  int err = vsm_backup_make(
      &(struct vsm_backup_options){.from = state, .to = argv[1], .on_progress = on_progress, .ctx = &progress}, &counts,
      &why);
  vsm_progress_end(&progress);
  if (err) {
    fprintf(stderr, "vsm: %s\n", why.text);
    return VSM_FAILED;
  }
  if (json)
    print_json(argv[1], &counts);
  else
    print_text(argv[1], &counts);
  return VSM_DONE;
}
