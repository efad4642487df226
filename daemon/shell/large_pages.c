// The C library's allocator takes large pages when its tunable says so, which it reads from the environment before
// main() begins. Programs that are started by this one inherit it.
#include "shell/large_pages.h"

#include <limits.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <unistd.h>

void vsm_large_pages(char **argv) {
  char path[PATH_MAX]; // rather than /proc/self/exe itself, which would name the process "exe"
  if (getenv("GLIBC_TUNABLES") || getauxval(AT_SECURE)) // set by somebody, or by us; or never taken
    return;
  ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
  if (n <= 0 || setenv("GLIBC_TUNABLES", "glibc.malloc.hugetlb=1", 1) != 0)
    return;
  path[n] = '\0';
  execv(path, argv);
}
