// The state of vsm-notify: one SQLite file, so that what was told, what waits and what is to be delivered change
// together or not at all. Commits are on disk when they return (synchronous FULL). One process at a time.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vsm_store;
struct sqlite3_stmt;

#define VSM_STORE_STATEMENTS(X)                                                                                        \
  X(BEGIN, "BEGIN IMMEDIATE")                                                                                          \
  X(COMMIT, "COMMIT")                                                                                                  \
  X(META_GET, "SELECT value FROM meta WHERE key = ?")                                                                  \
  X(META_PUT, "INSERT OR REPLACE INTO meta(key, value) VALUES(?, ?)")                                                  \
  X(ALERT_GET, "SELECT number, state, body FROM alert WHERE id = ?")                                                   \
  X(ALERT_PUT, "INSERT OR REPLACE INTO alert(id, number, state, body, seen_us) VALUES(?, ?, ?, ?, ?)")                 \
  X(ALERT_DROP, "DELETE FROM alert WHERE id = ?")                                                                      \
  X(ALERT_LIVE, "SELECT id, body FROM alert WHERE state IN ('pending', 'firing')")                                     \
  X(ALERT_ZERO, "UPDATE alert SET number = 0 WHERE state = 'resolved'")                                                \
  X(ALERT_PRUNE, "DELETE FROM alert WHERE state = 'resolved' AND seen_us < ?")                                         \
  X(GROUP_FIND, "SELECT id FROM grp WHERE receiver = ? AND route = ? AND owner = ? AND stream = ?")                    \
  X(GROUP_ADD, "INSERT INTO grp(receiver, route, owner, stream) VALUES(?, ?, ?, ?)")                                   \
  X(GROUP_SET, "UPDATE grp SET wait_us = ?, interval_us = ?, quiet = ?, digest = ? WHERE id = ?")                      \
  X(GROUP_GET, "SELECT receiver, owner, stream, wait_us, interval_us, quiet, digest, sent_us, due_us FROM grp "        \
               "WHERE id = ?")                                                                                         \
  X(GROUP_DUE, "SELECT min(due_us) FROM grp")                                                                          \
  X(GROUP_NEXT, "SELECT id FROM grp WHERE due_us <= ? ORDER BY due_us, id LIMIT 1")                                    \
  X(GROUP_WAIT, "UPDATE grp SET due_us = ? WHERE id = ?")                                                              \
  X(GROUP_WAKE, "UPDATE grp SET sent_us = min(sent_us, ?1), due_us = min(due_us, ?1 + max(wait_us, interval_us)) "     \
                "WHERE coalesce(quiet, '') = '' AND coalesce(digest, '') = ''")                                        \
  X(GROUP_SENT, "UPDATE grp SET sent_us = ?, due_us = NULL WHERE id = ?")                                              \
  X(GROUP_PRUNE, "DELETE FROM grp WHERE due_us IS NULL AND sent_us < ? AND id NOT IN (SELECT grp FROM told)")          \
  X(NOTICE_GET, "SELECT change FROM notice WHERE grp = ? AND alert = ?")                                               \
  X(NOTICE_PUT, "INSERT OR REPLACE INTO notice(grp, alert, change, body, at_us) VALUES(?, ?, ?, ?, ?)")                \
  X(NOTICE_DROP, "DELETE FROM notice WHERE grp = ? AND alert = ?")                                                     \
  X(NOTICE_MOVED, "DELETE FROM notice WHERE alert = ?1 AND grp <> ?2 AND grp IN (SELECT id FROM grp WHERE receiver = " \
                  "?3)")                                                                                               \
  X(NOTICE_ALL, "SELECT alert, change, body FROM notice WHERE grp = ? AND at_us IS NOT NULL ORDER BY at_us, alert")    \
  X(NOTICE_UNTOLD, "SELECT n.grp FROM notice n WHERE n.alert = ? AND NOT EXISTS "                                      \
                   "(SELECT 1 FROM told t WHERE t.grp = n.grp AND t.alert = n.alert)")                                 \
  X(NOTICE_NOT_FIRING, "DELETE FROM notice WHERE alert = ? AND change = 'firing'")                                     \
  X(NOTICE_WITHHOLD, "UPDATE notice SET at_us = NULL WHERE alert = ? AND change IN ('joined', 'repeated')")            \
  X(NOTICE_WITHHELD, "INSERT OR REPLACE INTO notice(grp, alert, change, body) SELECT t.grp, t.alert, ?1, ?2 "          \
                     "FROM told t WHERE t.alert = ?3 AND t.fired_ns = ?4 AND NOT EXISTS (SELECT 1 FROM notice n "      \
                     "WHERE n.grp = t.grp AND n.alert = t.alert AND n.change <> 'repeated')")                          \
  X(TOLD_GET, "SELECT t.grp, t.fired_ns, n.grp IS NOT NULL FROM told t JOIN grp g ON g.id = t.grp "                    \
              "LEFT JOIN notice n ON n.grp = t.grp AND n.alert = t.alert AND n.at_us IS NULL "                         \
              "WHERE t.alert = ? AND g.receiver = ?")                                                                  \
  X(TOLD_ALL, "SELECT grp FROM told WHERE alert = ?")                                                                  \
  X(TOLD_PUT, "INSERT OR REPLACE INTO told(grp, alert, fired_ns) VALUES(?, ?, ?)")                                     \
  X(TOLD_DROP, "DELETE FROM told WHERE grp = ? AND alert = ?")                                                         \
  X(TOLD_STILL, "SELECT a.id, a.body FROM told t JOIN alert a ON a.id = t.alert WHERE t.grp = ? AND "                  \
                "a.state = 'firing' AND NOT EXISTS (SELECT 1 FROM notice n WHERE n.grp = t.grp AND "                   \
                "n.alert = t.alert AND n.at_us IS NOT NULL) ORDER BY a.id")                                            \
  X(MESSAGE_ADD, "INSERT INTO message(delivery, receiver, recipient, grp, body, made_us, tries, due_us) "              \
                 "VALUES(?, ?, ?, ?, ?, ?, 0, ?)")                                                                     \
  X(MESSAGE_NEXT, "SELECT id, delivery, recipient, body, made_us, tries, due_us FROM message m WHERE receiver = ?1 "   \
                  "AND NOT EXISTS (SELECT 1 FROM message e WHERE e.receiver = m.receiver AND e.recipient = "           \
                  "m.recipient AND e.grp = m.grp AND e.id < m.id) ORDER BY due_us, id LIMIT 1")                        \
  X(MESSAGE_LATER, "UPDATE message SET tries = tries + 1, due_us = ? WHERE id = ?")                                    \
  X(MESSAGE_NOW, "UPDATE message SET due_us = ?1 WHERE receiver = ?2 AND due_us > ?1")                                 \
  X(MESSAGE_CLAMP, "UPDATE message SET due_us = ?1 WHERE due_us > ?1")                                                 \
  X(MESSAGE_DONE, "DELETE FROM message WHERE id = ?")                                                                  \
  X(MESSAGE_OLDEST, "SELECT min(made_us), count(*) FROM message")                                                      \
  X(MESSAGE_EACH, "SELECT receiver, min(made_us), id, delivery, tries FROM message GROUP BY receiver")                 \
  X(MESSAGE_BARE, "SELECT id, body FROM message WHERE receiver = ? AND recipient = '' AND id <> ? ORDER BY id")        \
  X(MESSAGE_ADDRESS, "UPDATE message SET recipient = ? WHERE id = ?")                                                  \
  X(MESSAGE_COPY, "INSERT INTO message(delivery, receiver, recipient, grp, body, made_us, tries, due_us) "             \
                  "SELECT delivery, receiver, ?, grp, body, made_us, tries, due_us FROM message WHERE id = ?")         \
  X(STANDING_GET, "SELECT starts_us, ends_us FROM standing WHERE receiver = ? AND alert = ?")                          \
  X(STANDING_PUT, "INSERT OR REPLACE INTO standing(receiver, alert, body, starts_us, ends_us, due_us) "                \
                  "VALUES(?, ?, ?, ?, ?, ?)")                                                                          \
  X(STANDING_END, "UPDATE standing SET body = ?, ends_us = ?, due_us = ? WHERE alert = ? AND ends_us = 0")             \
  X(STANDING_REFRESH, "UPDATE standing SET body = ?, due_us = min(due_us, ?) WHERE alert = ? AND ends_us = 0")         \
  X(STANDING_DUE, "SELECT min(due_us) FROM standing WHERE receiver = ?")                                               \
  X(STANDING_BATCH, "SELECT alert, body, starts_us, ends_us FROM standing WHERE receiver = ? AND due_us <= ? "         \
                    "ORDER BY due_us, alert LIMIT ?")                                                                  \
  X(STANDING_TOOK, "UPDATE standing SET due_us = ?1 WHERE receiver = ?2 AND alert = ?3 AND ends_us = ?4")              \
  X(STANDING_DROP, "DELETE FROM standing WHERE receiver = ?1 AND alert = ?2 AND ends_us > 0 AND ends_us <= ?3")        \
  X(STANDING_ALL_DUE, "UPDATE standing SET due_us = ?1 WHERE due_us > ?1")

enum vsm_sql {
#define X(name, text) VSM_SQL_##name,
  VSM_STORE_STATEMENTS(X)
#undef X
      VSM_SQL_COUNT
};

// In a directory, which is made where it is missing; NULL: in memory, for tests. 0, or VSM_EIO / VSM_EINUSE /
// VSM_EFORMAT with *out NULL and why.
int vsm_store_open(const char *directory, struct vsm_store **out, char *why, size_t size);
void vsm_store_close(struct vsm_store *s); // NULL-safe

// Between these everything is one change. If any call in between failed, nothing of it is kept: false. After that the
// state is as before _begin().
void vsm_store_begin(struct vsm_store *s);
bool vsm_store_commit(struct vsm_store *s);
bool vsm_store_failed(const struct vsm_store *s); // since _begin(), or in the last commit
const char *vsm_store_why(const struct vsm_store *s);

// Binds arguments by letters: t const char * (NULL is NULL), i int64_t, b const void * and size_t (copied).
bool vsm_store_do(struct vsm_store *s, enum vsm_sql q, const char *types, ...);
// Row after row: bind, then _row() until false. One use of each statement at a time.
struct sqlite3_stmt *vsm_store_ask(struct vsm_store *s, enum vsm_sql q, const char *types, ...);
bool vsm_store_row(struct vsm_store *s, struct sqlite3_stmt *st);
int64_t vsm_store_last_id(const struct vsm_store *s);
// Columns of the row at hand. Texts and blobs are valid until the next row.
const char *vsm_store_text(struct sqlite3_stmt *st, int column); // "" for NULL
int64_t vsm_store_int(struct sqlite3_stmt *st, int column, int64_t otherwise);
const void *vsm_store_blob(struct sqlite3_stmt *st, int column, size_t *n);
