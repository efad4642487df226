// Bytes as what a client sends to vsm-web over a connection of its own, and then no more: requests, one behind the
// other, or none. No daemon is there. What comes back, if anything does, is HTTP, and the server lets go of the
// connection; now and then it is asked whether it is well.
#undef NDEBUG
#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <event2/http.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agents/web/server.h"
#include "daemon/base/str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

// A server that is well answers at once; a busy machine may bring that late.
enum { TURNS_MAX = 40, ANSWER_BYTES_MAX = 1 << 20, WELL_EVERY = 500, WELL_WAIT_MS = 250 };

static const char status[] = "GET /api/v1/status HTTP/1.1\r\nHost: localhost\r\n\r\n";
static const char well[] = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
static char answer[ANSWER_BYTES_MAX];
static struct vsm_web web;
static struct sockaddr_in where;
static struct event *now; // with it there is something to do

// A line for each input takes longer than the input. Put in the place of the log's own by the linker.
void __wrap_vsm_log(const char *event, const char *fmt, ...);
void __wrap_vsm_log(const char *event, const char *fmt, ...) {
  (void)event, (void)fmt;
}

static void take_address(struct evhttp_bound_socket *bound, void *ctx) {
  socklen_t n = sizeof where;
  (void)ctx;
  assert(getsockname(evhttp_bound_socket_get_fd(bound), (struct sockaddr *)&where, &n) == 0);
}

static void on_now(evutil_socket_t fd, short what, void *ctx) {
  (void)fd, (void)what, (void)ctx;
}

// Does what there is to do, and does not wait: loopback takes no time.
static void turn(void) {
  event_active(now, EV_READ, 0);
  vsm_web_turn(&web);
}

// Sends all of it and reads until the server closes, waiting so long for each piece. Returns how many bytes came; none
// where others on this machine have all ports.
static size_t exchange(const void *p, size_t n, char *out, size_t room, int wait_ms) {
  static const struct linger none = {.l_onoff = 1}; // thousands of closed connections would use up the ports
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  size_t got = 0;
  int err = fd >= 0 && connect(fd, (struct sockaddr *)&where, sizeof where) == 0 ? 0 : errno;
  assert(err == 0 || err == EADDRNOTAVAIL);
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
  fcntl(fd, F_SETFL, O_NONBLOCK);
  (void)!write(fd, p, n);
  shutdown(fd, SHUT_WR);
  for (int i = 0; err == 0 && i < TURNS_MAX; i++) {
    turn();
    poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, wait_ms);
    ssize_t more = read(fd, out + got, room - got);
    got += more > 0 ? (size_t)more : 0;
    if (more == 0 || (more < 0 && errno != EAGAIN))
      break;
  }
  close(fd);
  turn();
  return got;
}

static void begin(void) {
  static const struct vsm_web_options options = {.listen = "127.0.0.1:0",
                                                 .query = "tcp://127.0.0.1:9",
                                                 .publish = "tcp://127.0.0.1:9",
                                                 .submit = "tcp://127.0.0.1:9"};
  signal(SIGPIPE, SIG_IGN); // as the program does; the client finds connections closed, too
  web.options = &options;
  assert(vsm_web_begin(&web));
  now = event_new(web.base, -1, EV_PERSIST, on_now, NULL);
  evhttp_foreach_bound_socket(web.http, take_address, NULL);
  while (exchange(status, sizeof status - 1, answer, sizeof answer, 0) == 0) // until the daemon is known to be gone
    continue;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static unsigned inputs;
  if (!web.options)
    begin();
  size_t n = exchange(data, size, answer, sizeof answer, 0);
  assert(n == 0 || vsm_str_begins((struct vsm_str){answer, n}, VSM_STR("HTTP/")));
  if (++inputs % WELL_EVERY == 0) {
    n = exchange(well, sizeof well - 1, answer, sizeof answer, WELL_WAIT_MS);
    assert(vsm_str_begins((struct vsm_str){answer, n}, VSM_STR("HTTP/1.1 200 ")));
  }
  return 0;
}
