#include "shell/process.h"

#include <errno.h>
#include <malloc.h>
#include <sched.h>
#include <spawn.h>
#include <stdio.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/pidfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"

uint64_t vsm_process_resident_bytes(void) {
  unsigned long size = 0, resident = 0;
  FILE *f = fopen("/proc/self/statm", "r");
  if (f && fscanf(f, "%lu %lu", &size, &resident) != 2)
    resident = 0;
  if (f)
    fclose(f);
  return (uint64_t)resident * (uint64_t)sysconf(_SC_PAGESIZE);
}

// Of the control group that the process is in itself, which is where a service manager puts its bound; 0: none.
static uint64_t group_bytes_max(void) {
  char line[512], path[600];
  unsigned long long bytes = 0;
  FILE *f = fopen("/proc/self/cgroup", "r");
  bool found = false;
  while (f && !found && fgets(line, sizeof line, f))
    found = strncmp(line, "0::", 3) == 0;
  if (f)
    fclose(f);
  line[found ? strcspn(line, "\n") : 0] = '\0';
  snprintf(path, sizeof path, "/sys/fs/cgroup%s/memory.max", found ? line + 3 : "");
  f = found ? fopen(path, "r") : NULL;
  if (f && fscanf(f, "%llu", &bytes) != 1) // "max"
    bytes = 0;
  if (f)
    fclose(f);
  return bytes;
}

uint64_t vsm_process_memory_max(void) {
  uint64_t machine = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE), group = group_bytes_max();
  return group > 0 && group < machine ? group : machine;
}

bool vsm_process_can_take(uint64_t bytes) {
  void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return p != MAP_FAILED && munmap(p, bytes) == 0;
}

void vsm_process_trim(void) {
  malloc_trim(0);
}

bool vsm_process_has_descriptors(void) {
  int fd = dup(STDERR_FILENO);
  if (fd >= 0)
    close(fd);
  return fd >= 0 || errno == EBADF;
}

void vsm_process_raise_descriptor_limit(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
  }
}

uint64_t vsm_process_descriptors_max(void) {
  struct rlimit limit;
  return getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : 0;
}

void vsm_process_hide(void) {
  prctl(PR_SET_DUMPABLE, 0);
}

enum { NICENESS = 10 };
enum { IO_WHO_PROCESS = 1, IO_CLASS_BEST_EFFORT = 2, IO_CLASS_SHIFT = 13, IO_LAST = 7 }; // ioprio_set() has no header

// Both calls are of the thread, whatever their names say.
void vsm_process_thread_stays_behind(void) {
  setpriority(PRIO_PROCESS, 0, NICENESS);
  syscall(SYS_ioprio_set, IO_WHO_PROCESS, 0, IO_CLASS_BEST_EFFORT << IO_CLASS_SHIFT | IO_LAST);
}

void vsm_process_stay_behind(void) {
  vsm_process_thread_stays_behind();
  prctl(PR_SET_PDEATHSIG, SIGKILL);
}

// By the link to the file that runs, so that a newer program in its place is not taken for it. No copy of the memory is
// made, however much that is.
int vsm_process_start(const char *const argv[], bool idle) {
  posix_spawnattr_t attr;
  sigset_t none, all;
  pid_t pid;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_init(&attr);
  posix_spawnattr_setsigmask(&attr, &none);
  posix_spawnattr_setsigdefault(&attr, &all);
  posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  int err = posix_spawn(&pid, "/proc/self/exe", NULL, &attr, (char *const *)argv, environ);
  posix_spawnattr_destroy(&attr);
  if (err)
    return VSM_EIO;
  if (idle)
    sched_setscheduler(pid, SCHED_IDLE, &(struct sched_param){0}); // which glibc's attributes refuse
  int fd = pidfd_open(pid, 0);
  if (fd >= 0)
    return fd;
  kill(pid, SIGKILL);
  waitpid(pid, NULL, 0);
  return VSM_EIO;
}

int vsm_process_reap(int fd, bool kill_it) {
  siginfo_t info = {0};
  if (kill_it)
    pidfd_send_signal(fd, SIGKILL, NULL, 0);
  int err = waitid(P_PIDFD, (id_t)fd, &info, WEXITED | (kill_it ? 0 : WNOHANG));
  return err == 0 && info.si_code == CLD_EXITED ? info.si_status : -1;
}
