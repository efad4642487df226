// What the subcommands of vsm share. Each is a function of its own arguments, in a file of its own, and returns the
// exit status: 0 done, 1 failed or something was refused, 2 wrong usage.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "vsm/messages.h"
#include "vsm/vsm.h"

enum { VSM_DONE = 0, VSM_FAILED = 1, VSM_WRONG_USAGE = 2 };

typedef int vsm_cmd_fn(int argc, char **argv); // argv[0] is the subcommand
vsm_cmd_fn vsm_cmd_ack, vsm_cmd_agent, vsm_cmd_alerts, vsm_cmd_silence, vsm_cmd_backup, vsm_cmd_bottleneck,
    vsm_cmd_clock, vsm_cmd_edges, vsm_cmd_emit, vsm_cmd_export, vsm_cmd_forecast, vsm_cmd_forget, vsm_cmd_item,
    vsm_cmd_items, vsm_cmd_keygen, vsm_cmd_rebuild, vsm_cmd_rejected, vsm_cmd_reload, vsm_cmd_replay, vsm_cmd_series,
    vsm_cmd_simulate, vsm_cmd_snapshot, vsm_cmd_sources, vsm_cmd_status, vsm_cmd_tail, vsm_cmd_try, vsm_cmd_unmapped,
    vsm_cmd_visits, vsm_cmd_watch, vsm_cmd_what_if, vsm_cmd_withdraw;

// --- options

enum vsm_flag_kind { VSM_FLAG, VSM_FLAG_TEXT, VSM_FLAG_COUNT, VSM_FLAG_LIST };
enum { VSM_FLAG_LIST_MAX = 256 };
struct vsm_flag_list {
  const char *at[VSM_FLAG_LIST_MAX];
  size_t n;
};
struct vsm_flag {
  const char *name; // without dashes
  enum vsm_flag_kind kind;
  void *to;                 // bool, const char *, uint64_t, struct vsm_flag_list
  const char *value, *help; // "FILE", "what it does"
};
struct vsm_usage {
  const char *line;     // "vsm item KEY [--stream ID]"
  const char *text;     // what it does
  const char *examples; // lines to try
  const struct vsm_flag *flags;
  size_t n_flags;
  int least, most; // arguments without dashes
};
// Reads flags into their places; what has no dashes is moved to argv[1] .. argv[*n]. Returns -1 to go on, or the exit
// status (0 after --help).
int vsm_options(int argc, char **argv, const struct vsm_usage *usage, int *n);
// The name nearest to a misspelt one; NULL: none is near.
const char *vsm_nearest(const char *name, const char *const *names, size_t n);

// The keys that --key and --server-key or --profile name, or of the profile "default"; NULL: unencrypted. They are read
// once. A mistake is said, and ends the program.
const struct vsm_keys *vsm_cli_keys(void);
// Takes these three out of the arguments, wherever they stand. False: a value is missing, which is said.
bool vsm_cli_take_keys(int *argc, char **argv);

// --- asking the daemon

// Asks one question and calls show with the answer. Returns its exit status, or VSM_FAILED with a word on stderr where
// there is no answer or the daemon refused.
typedef int vsm_show_fn(void *ctx, const struct Vsm__V1__Reply *reply);
int vsm_ask(const char *endpoint, const struct Vsm__V1__Request *request, vsm_show_fn *show, void *ctx);
// Several questions over one connection, each answered before the next is asked. NULL where it cannot be opened, which
// is said. The endpoint is borrowed.
struct vsm_talk *vsm_talk_begin(const char *endpoint);
void vsm_talk_end(struct vsm_talk *t); // NULL-safe
int vsm_talk_ask(struct vsm_talk *t, const struct Vsm__V1__Request *request, vsm_show_fn *show, void *ctx);
// The same, but a refusal is no failure: show gets it.
int vsm_talk_try(struct vsm_talk *t, const struct Vsm__V1__Request *request, vsm_show_fn *show, void *ctx);
// All questions of an inquiry (agents/ask/inquiry.h), one by one; why it failed is said. each: called before each
// question; may be NULL.
struct vsm_inquiry;
int vsm_talk_inquire(struct vsm_talk *t, struct vsm_inquiry *q, void (*each)(void *ctx), void *ctx);
int vsm_talk_now(struct vsm_talk *t, uint64_t *unix_nano); // the daemon's now
// On standard error: what the daemon answered instead; that nothing could be opened there.
void vsm_say_refusal(const char *error);
void vsm_say_endpoint(const char *endpoint, int err);
// Prints a message as a line of JSON.
int vsm_print_json(const struct ProtobufCMessage *message);

// Asks for all figures and prints them. stream: NULL: all; segment: "region=north", NULL: all.
int vsm_snapshot_print(const char *query, const char *stream, const char *window, const char *segment);

#define VSM_ARRAY(a) (a), sizeof(a) / sizeof(*(a))
