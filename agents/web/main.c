#include <getopt.h>
#include <stdio.h>

#include "agents/web/server.h"
#include "vsm/vsm.h"

#define LISTEN_DEFAULT "127.0.0.1:8080"

static const char usage[] =
    "usage: vsm-web [--listen ADDRESS:PORT] [--query ENDPOINT] [--publish ENDPOINT] "
    "[--submit ENDPOINT]\n"
    "       vsm-web --version | --help\n"
    "\n"
    "Serves the dashboard and an HTTP API of vsmd: docs/web.md.\n"
    "\n"
    "  --listen ADDRESS:PORT  where, " LISTEN_DEFAULT "; port 0 takes a free one\n"
    "  --query ENDPOINT       the daemon's query socket, " VSM_QUERY_DEFAULT "\n"
    "  --publish ENDPOINT     the daemon's publish socket, " VSM_PUBLISH_DEFAULT "\n"
    "  --submit ENDPOINT      the daemon's submit socket, " VSM_SUBMIT_DEFAULT "\n"
    "  --token-file FILE      who asks must know the token in it; needed beyond loopback\n"
    "  --host NAME            a name that this server is known by, beside localhost; again for more\n"
    "\n"
    "Exit status: 0 done, 1 failed, 2 wrong usage. SIGTERM ends.\n";

int main(int argc, char **argv) {
  static const struct option options[] = {{"listen", required_argument, NULL, 'l'},
                                          {"query", required_argument, NULL, 'q'},
                                          {"publish", required_argument, NULL, 'p'},
                                          {"submit", required_argument, NULL, 's'},
                                          {"token-file", required_argument, NULL, 't'},
                                          {"host", required_argument, NULL, 'n'},
                                          {"version", no_argument, NULL, 'v'},
                                          {"help", no_argument, NULL, 'h'},
                                          {0}};
  struct vsm_web_options o = {.listen = LISTEN_DEFAULT,
                              .query = VSM_QUERY_DEFAULT,
                              .publish = VSM_PUBLISH_DEFAULT,
                              .submit = VSM_SUBMIT_DEFAULT};
  for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
    if (c == 'v' || c == 'h')
      return fputs(c == 'v' ? "vsm-web " VSM_VERSION "\n" : usage, stdout) < 0;
    if (c == 'l')
      o.listen = optarg;
    else if (c == 'q')
      o.query = optarg;
    else if (c == 'p')
      o.publish = optarg;
    else if (c == 's')
      o.submit = optarg;
    else if (c == 't')
      o.token_file = optarg;
    else if (c == 'n' && o.n_hosts < VSM_ACCESS_HOSTS_MAX)
      o.hosts[o.n_hosts++] = optarg;
    else
      return fputs(usage, stderr), 2;
  }
  if (optind < argc)
    return fputs(usage, stderr), 2;
  return vsm_web_run(&o);
}
