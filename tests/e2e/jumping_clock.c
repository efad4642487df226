// In place of shell/clock_read.c: the wall clock jumps by an hour, ahead at SIGALRM and back at SIGVTALRM. It begins as
// many hours ahead as VSM_HOURS_AHEAD says. At SIGTTOU an hour passes by all clocks, as if the process had stood
// still, and at SIGTTIN 14 seconds.
#include "shell/clock.h"

#include <signal.h>
#include <stdlib.h>
#include <time.h>

enum { HOUR_S = 3600, MOMENT_S = 14 };

static volatile sig_atomic_t hours, passed_s;

static void jump(int signal) {
  if (signal == SIGTTOU || signal == SIGTTIN)
    passed_s = passed_s + (signal == SIGTTIN ? MOMENT_S : HOUR_S);
  else
    hours = hours + (signal == SIGALRM ? 1 : -1);
}

__attribute__((constructor)) static void listen_to_signals(void) {
  const char *ahead = getenv("VSM_HOURS_AHEAD");
  hours = ahead ? atoi(ahead) : 0;
  sigaction(SIGALRM, &(struct sigaction){.sa_handler = jump}, NULL);
  sigaction(SIGVTALRM, &(struct sigaction){.sa_handler = jump}, NULL);
  sigaction(SIGTTOU, &(struct sigaction){.sa_handler = jump}, NULL);
  sigaction(SIGTTIN, &(struct sigaction){.sa_handler = jump}, NULL);
}

static int64_t read_us(clockid_t id) {
  struct timespec t;
  clock_gettime(id, &t);
  return (t.tv_sec + passed_s) * VSM_SECOND_US + t.tv_nsec / 1000;
}

int64_t vsm_clock_boot_us(void) {
  return read_us(CLOCK_BOOTTIME);
}

int64_t vsm_clock_wall_us(void) {
  return read_us(CLOCK_REALTIME) + hours * INT64_C(3600) * VSM_SECOND_US;
}
