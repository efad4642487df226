// What the sender is measured against, each a process of its own on its own core: the floor, and the daemon.
#pragma once
#include <stdbool.h>
#include <sys/types.h>

struct bench_receiver {
  pid_t pid;
  char endpoint[64];
  char publish[64];   // of the daemon
  char directory[64]; // of the daemon: its configuration and what it logs
};

// The floor: a bare loop that receives, unpacks with protobuf-c into an arena, acks.
void bench_floor_start(struct bench_receiver *r);
// Of CURVE, in Z85.
struct bench_keys {
  char server[41], server_secret[41], client[41], client_secret[41];
};
struct bench_daemon_options {
  const struct bench_keys *keys; // it encrypts, and that client may do everything; NULL: it does not
  bool state;                    // in a directory of its own, which goes with the daemon
  const char *journal_max;       // NULL: the default
  bool anywhere;                 // on any core
  const char *streams;           // text beside the shipped value streams; NULL: none
  const char *mappings;          // likewise
};
// The daemon beside this program, on the shipped configuration with other ports.
void bench_daemon_start(struct bench_receiver *r, const struct bench_daemon_options *o);
void bench_receiver_stop(struct bench_receiver *r);
