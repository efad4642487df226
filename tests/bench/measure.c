#include "measure.h"

#include <dirent.h>
#include <ftw.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int64_t clock_ns(clockid_t id) {
  struct timespec t;
  clock_gettime(id, &t);
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

void bench_fail(const char *what) {
  fprintf(stderr, "bench: %s\n", what);
  exit(1);
}

int64_t bench_now_ns(void) {
  return clock_ns(CLOCK_MONOTONIC);
}

int64_t bench_used_ns(void) {
  return clock_ns(CLOCK_THREAD_CPUTIME_ID);
}

int64_t bench_wall_us(void) {
  return clock_ns(CLOCK_REALTIME) / 1000;
}

size_t bench_resident_bytes(void) {
  return bench_resident_bytes_of(getpid());
}

size_t bench_resident_bytes_of(pid_t pid) {
  unsigned long size, resident = 0;
  char path[40];
  snprintf(path, sizeof path, "/proc/%d/statm", (int)pid);
  FILE *f = fopen(path, "r");
  if (!f || fscanf(f, "%lu %lu", &size, &resident) != 2)
    resident = 0;
  if (f)
    fclose(f);
  return resident * (size_t)sysconf(_SC_PAGESIZE);
}

void bench_pin(unsigned which) {
  static cpu_set_t all; // as the process was started, before it was pinned
  cpu_set_t one;
  unsigned seen = 0;
  if (CPU_COUNT(&all) == 0)
    sched_getaffinity(0, sizeof all, &all);
  CPU_ZERO(&one);
  for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
    if (CPU_ISSET(cpu, &all) && seen++ == which % (unsigned)CPU_COUNT(&all))
      CPU_SET(cpu, &one);
  sched_setaffinity(0, sizeof one, &one);
}

int64_t bench_process_ns(pid_t pid) {
  char path[300];
  int64_t sum = 0;
  snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
  DIR *tasks = opendir(path);
  for (struct dirent *e; tasks && (e = readdir(tasks));) {
    unsigned long long ns;
    snprintf(path, sizeof path, "/proc/%d/task/%s/schedstat", (int)pid, e->d_name);
    FILE *f = e->d_name[0] == '.' ? NULL : fopen(path, "r");
    if (f && fscanf(f, "%llu", &ns) == 1)
      sum += (int64_t)ns;
    if (f)
      fclose(f);
  }
  if (tasks)
    closedir(tasks);
  return sum;
}

// Everything but idle and waiting for disks; what a hypervisor took counts as busy.
static int64_t busy_ns(void) {
  unsigned long long user, nice, system, idle, wait, irq, softirq, steal;
  FILE *f = fopen("/proc/stat", "r");
  int n = f ? fscanf(f, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", &user, &nice, &system, &idle, &wait, &irq,
                     &softirq, &steal)
            : 0;
  if (f)
    fclose(f);
  return n == 8
             ? (int64_t)((user + nice + system + irq + softirq + steal) * (1000000000 / (unsigned)sysconf(_SC_CLK_TCK)))
             : 0;
}

void bench_watch_begin(struct bench_watch *w, pid_t peer) {
  *w = (struct bench_watch){bench_now_ns(), bench_process_ns(getpid()) + bench_process_ns(peer), busy_ns()};
}

double bench_watch_others(const struct bench_watch *w, pid_t peer) {
  struct bench_watch now;
  bench_watch_begin(&now, peer);
  double had = (double)(now.began_ns - w->began_ns) * (double)sysconf(_SC_NPROCESSORS_ONLN);
  double others = (double)((now.busy_ns - w->busy_ns) - (now.ours_ns - w->ours_ns));
  return had > 0 && others > 0 ? others / had : 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw) {
  (void)st, (void)type, (void)ftw;
  return remove(path);
}

void bench_remove(const char *directory) {
  nftw(directory, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static int ascending(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

double bench_median(double *values, size_t n) {
  qsort(values, n, sizeof *values, ascending);
  return n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

double bench_quantile(double *values, size_t n, double q) {
  qsort(values, n, sizeof *values, ascending);
  return n > 0 ? values[(size_t)(q * (double)(n - 1))] : 0;
}

void bench_print(bool json, const char *name, double value, const char *unit) {
  if (json)
    printf("{\"name\": \"%s\", \"value\": %.6g, \"unit\": \"%s\"}\n", name, value, unit);
  else if (value >= 1e4)
    printf("%-28s %14.0f  %s\n", name, value, unit);
  else
    printf("%-28s %14.4g  %s\n", name, value, unit);
  fflush(stdout);
}

pid_t bench_child_of(pid_t pid) {
  char path[64];
  int child = 0;
  snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)pid, (int)pid);
  FILE *f = fopen(path, "r");
  if (f && fscanf(f, "%d", &child) != 1)
    child = 0;
  if (f)
    fclose(f);
  return child;
}
