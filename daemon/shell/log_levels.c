// How much each event of the log matters, of every program. What stands nowhere here is VSM_LOG_INFO.
#include <stddef.h>
#include <string.h>

#include "shell/log.h"

static const struct {
  enum vsm_log_level level;
  const char *events[32]; // up to a NULL
} LEVELS[] = {
    // Somebody must see to it.
    {VSM_LOG_ERROR,
     {"start_failed", "listen_failed", "recovery_failed", "state_failed", "store_failed", "journal_damaged",
      "not_recorded", "checkpoint_failed", "history_failed", "forget_failed", "rebuild_failed", "given_up",
      "renew_failed", "audit_failed"}},
    // Somebody may want to know, and it may pass.
    {VSM_LOG_WARNING,
     {"trouble",
      "reload_refused",
      "refused",
      "connect_failed",
      "epoch_failed",
      "handshake_failed",
      "connection_refused",
      "peer_cut_off",
      "subscribers_cut_off",
      "query_failed",
      "publish_failed",
      "recover_failed",
      "event_passed_over",
      "ack_lost",
      "reply_lost",
      "batch_given_up",
      "checkpoint_starves",
      "checkpoint_set_aside",
      "delivery_failed",
      "ask_failed",
      "own_alert",
      "receiver_gone",
      "lost",
      "client_refused",
      "not_allowed",
      "insecure",
      "key_exposed"}},
    // What an operator did, or what began and ended.
    {VSM_LOG_NOTICE,
     {"ready", "stopped", "reloaded", "rebuilding", "rebuilt", "forgotten", "recovered", "log_level", "behind",
      "store_works", "order"}},
    // Everything that comes: a line each.
    {VSM_LOG_DEBUG, {"batch", "asked"}},
};

enum vsm_log_level vsm_log_level_of(const char *event) {
  for (size_t i = 0; i < sizeof LEVELS / sizeof *LEVELS; i++)
    for (const char *const *e = LEVELS[i].events; *e; e++)
      if (strcmp(*e, event) == 0)
        return LEVELS[i].level;
  return VSM_LOG_INFO;
}
