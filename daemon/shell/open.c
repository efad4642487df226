#include "shell/open.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/err.h"
#include "shell/log.h"

enum { REQUEST_ID_MAX = 1024 };

// The inode of the socket that listens on a TCP port, 0: none found.
static unsigned long listening_inode(const char *table, unsigned port) {
  FILE *f = fopen(table, "r");
  char line[512];
  unsigned long found = 0;
  while (f && !found && fgets(line, sizeof line, f)) {
    unsigned at, state;
    unsigned long inode;
    if (sscanf(line, " %*d: %*[0-9A-Fa-f]:%x %*s %x %*s %*s %*s %*s %*s %lu", &at, &state, &inode) == 3 && at == port &&
        state == 0x0a)
      found = inode;
  }
  if (f)
    fclose(f);
  return found;
}

static bool holds(const char *pid, const char *link_wanted) {
  char path[288], link[64];
  snprintf(path, sizeof path, "/proc/%.20s/fd", pid);
  DIR *d = opendir(path);
  bool found = false;
  for (struct dirent *e; d && !found && (e = readdir(d));) {
    snprintf(path, sizeof path, "/proc/%.20s/fd/%.200s", pid, e->d_name);
    ssize_t n = readlink(path, link, sizeof link - 1);
    found = n > 0 && (size_t)n == strlen(link_wanted) && memcmp(link, link_wanted, (size_t)n) == 0;
  }
  if (d)
    closedir(d);
  return found;
}

// "NAME (process PID)" of who listens on a port, as far as we may see.
static void find_holder(unsigned port, char *out, size_t size) {
  snprintf(out, size, "another program");
  unsigned long inode = listening_inode("/proc/net/tcp", port);
  if (!inode)
    inode = listening_inode("/proc/net/tcp6", port);
  char wanted[64], path[64], name[64] = "";
  snprintf(wanted, sizeof wanted, "socket:[%lu]", inode);
  DIR *d = inode ? opendir("/proc") : NULL;
  for (struct dirent *e; d && (e = readdir(d));) {
    if (!isdigit((unsigned char)e->d_name[0]) || !holds(e->d_name, wanted))
      continue;
    snprintf(path, sizeof path, "/proc/%.20s/comm", e->d_name);
    FILE *f = fopen(path, "r");
    if (f && fgets(name, sizeof name, f))
      name[strcspn(name, "\n")] = '\0';
    if (f)
      fclose(f);
    snprintf(out, size, "%s (process %.20s)", name, e->d_name);
    break;
  }
  if (d)
    closedir(d);
}

int vsm_open_listener(struct vsm_zsock *sock, const char *name, const char *endpoint) {
  const char *why = "out of memory or descriptors";
  int err = sock ? vsm_zsock_bind(sock, endpoint, &why) : VSM_ENOMEM;
  if (err == 0) {
    vsm_log("listening", "socket=%s endpoint=%s", name, vsm_zsock_endpoint(sock));
    return 0;
  }
  char holder[128] = "";
  const char *port = strrchr(endpoint, ':');
  if (err == VSM_EINUSE && port)
    find_holder((unsigned)strtoul(port + 1, NULL, 10), holder, sizeof holder);
  vsm_log("listen_failed", "socket=%s endpoint=%s why=\"%s\"%s%s", name, endpoint, why, *holder ? " held_by=" : "",
          holder);
  return err;
}

bool vsm_request_frames(const struct vsm_str *frames, size_t n) {
  bool from_req = n == 4 && frames[1].n == 0;
  return (n == 3 || from_req) && frames[n - 2].n >= 1 && frames[n - 2].n <= REQUEST_ID_MAX;
}
