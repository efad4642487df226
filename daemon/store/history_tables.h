// The tables of history.db, and what is said to them. What belongs to an item goes with it. Views have times as texts
// and spans as seconds.
#pragma once

#define VSM_HISTORY_TABLES                                                                                             \
  "CREATE TABLE history(one INTEGER PRIMARY KEY CHECK(one = 1), position INTEGER NOT NULL,"                            \
  " received_us INTEGER NOT NULL);"                                                                                    \
  "CREATE TABLE stage(value_stream TEXT NOT NULL, stage TEXT NOT NULL, stream_name TEXT NOT NULL, name TEXT NOT NULL," \
  " place INTEGER NOT NULL, PRIMARY KEY(value_stream, stage)) WITHOUT ROWID;"                                          \
  "CREATE TABLE item(id INTEGER PRIMARY KEY, value_stream TEXT NOT NULL, item TEXT NOT NULL, state TEXT NOT NULL,"     \
  " started_us INTEGER NOT NULL, ended_us INTEGER, lead_us INTEGER, sealed INTEGER NOT NULL,"                          \
  " fingerprint INTEGER NOT NULL);"                                                                                    \
  "CREATE TABLE visit(item_id INTEGER NOT NULL, number INTEGER NOT NULL, stage TEXT NOT NULL,"                         \
  " entered_us INTEGER NOT NULL, left_us INTEGER NOT NULL, how TEXT NOT NULL, rework INTEGER NOT NULL,"                \
  " unobserved INTEGER NOT NULL, queue_us INTEGER NOT NULL, active_us INTEGER NOT NULL,"                               \
  " suspended_us INTEGER NOT NULL, PRIMARY KEY(item_id, number)) WITHOUT ROWID;"                                       \
  "CREATE TABLE item_key(item_id INTEGER NOT NULL, key TEXT NOT NULL, PRIMARY KEY(item_id, key)) WITHOUT ROWID;"       \
  "CREATE INDEX item_by_key ON item_key(key);"                                                                         \
  "CREATE TABLE item_segment(item_id INTEGER NOT NULL, attribute TEXT NOT NULL, value TEXT NOT NULL,"                  \
  " PRIMARY KEY(item_id, attribute)) WITHOUT ROWID;"                                                                   \
  "CREATE TRIGGER item_goes AFTER DELETE ON item BEGIN"                                                                \
  " DELETE FROM visit WHERE item_id = OLD.id;"                                                                         \
  " DELETE FROM item_key WHERE item_id = OLD.id;"                                                                      \
  " DELETE FROM item_segment WHERE item_id = OLD.id;"                                                                  \
  " END;"                                                                                                              \
  "CREATE VIEW items AS SELECT id, value_stream, item, state,"                                                         \
  " strftime('%Y-%m-%d %H:%M:%S', started_us / 1000000, 'unixepoch') AS started_at,"                                   \
  " strftime('%Y-%m-%d %H:%M:%S', ended_us / 1000000, 'unixepoch') AS ended_at, lead_us / 1e6 AS lead_seconds, sealed" \
  " FROM item;"                                                                                                        \
  "CREATE VIEW visits AS SELECT v.item_id, i.value_stream, i.item, v.number, v.stage, s.name AS stage_name,"           \
  " s.place AS stage_place, strftime('%Y-%m-%d %H:%M:%S', v.entered_us / 1000000, 'unixepoch') AS entered_at,"         \
  " strftime('%Y-%m-%d %H:%M:%S', v.left_us / 1000000, 'unixepoch') AS left_at, v.how, v.rework, v.unobserved,"        \
  " v.queue_us / 1e6 AS queue_seconds, v.active_us / 1e6 AS active_seconds,"                                           \
  " v.suspended_us / 1e6 AS suspended_seconds,"                                                                        \
  " (v.queue_us + v.active_us + v.suspended_us) / 1e6 AS cycle_seconds"                                                \
  " FROM visit v JOIN item i ON i.id = v.item_id"                                                                      \
  " LEFT JOIN stage s ON s.value_stream = i.value_stream AND s.stage = v.stage;"

enum statement { ITEM, VISIT, KEY, SEGMENT, STAGE, SEAL, REMOVE, OF_KEY, CHANGED, POSITION, STATEMENTS };
static const char *const SQL[STATEMENTS] = {
    [ITEM] = "INSERT INTO item(id, value_stream, item, state, started_us, ended_us, lead_us, sealed, fingerprint) "
             "VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)",
    [VISIT] = "INSERT INTO visit(item_id, number, stage, entered_us, left_us, how, rework, unobserved, queue_us, "
              "active_us, suspended_us) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    [KEY] = "INSERT OR IGNORE INTO item_key(item_id, key) VALUES(?, ?)",
    [SEGMENT] = "INSERT OR REPLACE INTO item_segment(item_id, attribute, value) VALUES(?, ?, ?)",
    [STAGE] = "INSERT OR REPLACE INTO stage(value_stream, stage, stream_name, name, place) VALUES(?, ?, ?, ?, ?)",
    [SEAL] = "UPDATE item SET sealed = 1 WHERE id = ?",
    [REMOVE] = "DELETE FROM item WHERE id = ?",
    [OF_KEY] = "SELECT fingerprint, id FROM item_key JOIN item ON id = item_id "
               "WHERE key = ?2 AND (?1 = '' OR value_stream = ?1)",
    // What an item was before this change. Another one that had a key of it ended before it began.
    [CHANGED] = "SELECT was.fingerprint, was.id FROM item AS new JOIN item_key AS k ON k.item_id = new.id "
                "JOIN item_key AS same ON same.key = k.key JOIN item AS was ON was.id = same.item_id "
                "WHERE new.id >= ?1 AND was.id < ?1 "
                "AND was.value_stream = new.value_stream AND was.ended_us >= new.started_us AND NOT was.sealed",
    [POSITION] = "INSERT OR REPLACE INTO history(one, position, received_us) VALUES(1, ?, ?)",
};
