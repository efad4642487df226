// A journal in a directory of its own, for tests that let its disk fail or damage its file.
#pragma once
#include "store/journal.h"

struct journal_rig {
  char root[32], directory[64], file[96];
  struct vsm_journal *j;
};
int journal_rig_setup(void **state); // of cmocka
int journal_rig_teardown(void **state);

void open_journal(struct journal_rig *f); // and begin
void close_journal(struct journal_rig *f);
int64_t append(struct journal_rig *f, const char *text);
void append_some(struct journal_rig *f, unsigned n); // each says at which position it must stand
int64_t append_large(struct journal_rig *f, size_t bytes);
void wait_for_news(struct journal_rig *f);
void await_committed(struct journal_rig *f);          // all of it
void await_committed_unpushed(struct journal_rig *f); // likewise, as it was pushed before
struct vsm_journal_state await_health(struct journal_rig *f, enum vsm_journal_health health);
void commit_groups(struct journal_rig *f, unsigned n); // of one record each
void sql(struct journal_rig *f, const char *text);

// The positions that were read, and after ! those that were reported as damaged: "1-5 !6-7 8".
struct journal_story {
  char text[1024];
  size_t n;
  uint64_t first, last;
};
const char *read_from(struct journal_rig *f, struct journal_story *s, uint64_t from);
const char *read_all(struct journal_rig *f, struct journal_story *s);
int note(void *story, uint64_t position, const struct vsm_record *r); // vsm_journal_record_fn
