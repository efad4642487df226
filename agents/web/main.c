#include <getopt.h>
#include <stdio.h>

#include "agents/lib/keys.h"
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
    "  --key FILE             our key, where the daemon encrypts: docs/security.md\n"
    "  --server-key FILE      the daemon's public key\n"
    "  --profile NAME         or both from ~/.config/vsm: NAME.key, NAME.server.pub\n"
    "\n"
    "Exit status: 0 done, 1 failed, 2 wrong usage. SIGTERM ends.\n";

static int run(struct vsm_web_options *o, const struct vsm_keys_options *files) {
  struct vsm_keys *keys;
  if (!vsm_keys_of_program("vsm-web", files, &keys))
    return 1;
  o->keys = keys;
  int status = vsm_web_run(o);
  vsm_keys_destroy(keys);
  return status;
}

int main(int argc, char **argv) {
  static const struct option options[] = {{"listen", required_argument, NULL, 'l'},
                                          {"query", required_argument, NULL, 'q'},
                                          {"publish", required_argument, NULL, 'p'},
                                          {"submit", required_argument, NULL, 's'},
                                          {"token-file", required_argument, NULL, 't'},
                                          {"host", required_argument, NULL, 'n'},
                                          {"key", required_argument, NULL, 'k'},
                                          {"server-key", required_argument, NULL, 'e'},
                                          {"profile", required_argument, NULL, 'r'},
                                          {"version", no_argument, NULL, 'v'},
                                          {"help", no_argument, NULL, 'h'},
                                          {0}};
  struct vsm_web_options o = {.listen = LISTEN_DEFAULT,
                              .query = VSM_QUERY_DEFAULT,
                              .publish = VSM_PUBLISH_DEFAULT,
                              .submit = VSM_SUBMIT_DEFAULT};
  struct vsm_keys_options keys = {0};
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
    else if (c == 'k')
      keys.key = optarg;
    else if (c == 'e')
      keys.server_key = optarg;
    else if (c == 'r')
      keys.profile = optarg;
    else
      return fputs(usage, stderr), 2;
  }
  if (optind < argc)
    return fputs(usage, stderr), 2;
  return run(&o, &keys);
}
