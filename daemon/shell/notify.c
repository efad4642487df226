// The protocol of sd_notify(3): one datagram of KEY=value lines to the socket that the environment names. Without one,
// or where it cannot be reached, nobody wants to know.
#include "shell/notify.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

void vsm_notify(const char *state) {
  const char *path = getenv("NOTIFY_SOCKET");
  struct sockaddr_un to = {.sun_family = AF_UNIX};
  size_t n = path ? strlen(path) : 0;
  if (n < 2 || n >= sizeof to.sun_path)
    return;
  memcpy(to.sun_path, path, n);
  if (to.sun_path[0] == '@')
    to.sun_path[0] = '\0'; // an abstract name
  int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0)
    return;
  sendto(fd, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&to,
         (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n));
  close(fd);
}

int64_t vsm_notify_alive_every_us(void) {
  const char *text = getenv("WATCHDOG_USEC"), *whose = getenv("WATCHDOG_PID");
  int64_t us = text ? strtoll(text, NULL, 10) : 0;
  bool ours = !whose || strtoll(whose, NULL, 10) == getpid(); // else of the program that started us
  return us > 1 && ours ? us / 2 : INT64_MAX;
}

void vsm_notify_alive(int64_t *due_us, int64_t now_us) {
  int64_t every_us = vsm_notify_alive_every_us();
  if (now_us < *due_us)
    return;
  *due_us = every_us == INT64_MAX ? INT64_MAX : now_us + every_us;
  if (every_us != INT64_MAX)
    vsm_notify("WATCHDOG=1");
}

void vsm_notify_reloading(void) {
  char text[64];
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  snprintf(text, sizeof text, "RELOADING=1\nMONOTONIC_USEC=%lld", (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000);
  vsm_notify(text);
}
