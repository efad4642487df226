// Clocks, cores, and who else used them.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

_Noreturn void bench_fail(const char *what); // said on standard error

int64_t bench_now_ns(void);  // monotonic
int64_t bench_used_ns(void); // processor time of this thread
int64_t bench_wall_us(void);
int64_t bench_process_ns(pid_t pid); // processor time of all its threads, ended ones left out
size_t bench_resident_bytes(void);

// The two cores: 0 sends, 1 receives. Pins the calling process and what it starts; a machine with one core has one.
void bench_pin(unsigned which);

// Processor time on all cores since bench_watch_begin(), as a share of what they had.
struct bench_watch {
  int64_t began_ns, ours_ns, busy_ns;
};
void bench_watch_begin(struct bench_watch *w, pid_t peer);
// The share that went to others than this process and the peer.
double bench_watch_others(const struct bench_watch *w, pid_t peer);

double bench_median(double *values, size_t n);             // sorts
double bench_quantile(double *values, size_t n, double q); // likewise

size_t bench_resident_bytes_of(pid_t pid);
pid_t bench_child_of(pid_t pid);          // the first that runs; 0: none
void bench_remove(const char *directory); // with all that is in it

// One result: a row for people, or with json a line of JSON.
void bench_print(bool json, const char *name, double value, const char *unit);
