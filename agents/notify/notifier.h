// The whole of vsm-notify: owns its parts and runs their loop.
#pragma once

struct vsm_keys;

struct vsm_notifier_options {
  const char *config, *query, *publish;
  const struct vsm_keys *keys; // NULL: unencrypted
};

// Until SIGTERM or SIGINT. The exit status: 0, or 1 after a word on standard error.
int vsm_notifier_run(const struct vsm_notifier_options *o);
// Sends a test message and prints what came back. The exit status: 0 it was taken, 1 not.
int vsm_notifier_test(const char *config, const char *receiver);
