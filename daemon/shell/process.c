#include "shell/process.h"

#include <errno.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

uint64_t vsm_process_resident_bytes(void) {
  unsigned long size = 0, resident = 0;
  FILE *f = fopen("/proc/self/statm", "r");
  if (f && fscanf(f, "%lu %lu", &size, &resident) != 2)
    resident = 0;
  if (f)
    fclose(f);
  return (uint64_t)resident * (uint64_t)sysconf(_SC_PAGESIZE);
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
