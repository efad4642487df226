#include <getopt.h>
#include <stdio.h>

#include "agents/lib/keys.h"
#include "agents/notify/notifier.h"
#include "agents/notify/settings.h"
#include "vsm/vsm.h"

static const char usage[] =
    "usage: vsm-notify --config FILE [--query ENDPOINT] [--publish ENDPOINT] [--key FILE --server-key FILE]\n"
    "       vsm-notify --config FILE --check | --test RECEIVER\n"
    "       vsm-notify --version | --help\n"
    "\n"
    "Reads alerts from vsmd and delivers them.\n"
    "\n"
    "  --config FILE       who is told of what: docs/notify.md\n"
    "  --query ENDPOINT    the daemon's query socket, " VSM_QUERY_DEFAULT "\n"
    "  --publish ENDPOINT  the daemon's publish socket, " VSM_PUBLISH_DEFAULT "\n"
    "  --key FILE          our key, where the daemon encrypts: docs/security.md\n"
    "  --server-key FILE   the daemon's public key\n"
    "  --profile NAME      or both from ~/.config/vsm: NAME.key, NAME.server.pub\n"
    "  --check             say all that was understood of FILE, or every mistake, and end\n"
    "  --test RECEIVER     send a test message there, say what came back, and end\n"
    "\n"
    "Exit status: 0 done, 1 failed, 2 wrong usage. SIGHUP reads FILE again; SIGTERM ends.\n";

static int run(struct vsm_notifier_options *o, const struct vsm_keys_options *files) {
  struct vsm_keys *keys;
  if (!vsm_keys_of_program("vsm-notify", files, &keys))
    return 1;
  o->keys = keys;
  int status = vsm_notifier_run(o);
  vsm_keys_destroy(keys);
  return status;
}

int main(int argc, char **argv) {
  static const struct option options[] = {{"config", required_argument, NULL, 'f'},
                                          {"query", required_argument, NULL, 'q'},
                                          {"publish", required_argument, NULL, 'p'},
                                          {"check", no_argument, NULL, 'k'},
                                          {"key", required_argument, NULL, 'o'},
                                          {"server-key", required_argument, NULL, 's'},
                                          {"profile", required_argument, NULL, 'r'},
                                          {"test", required_argument, NULL, 't'},
                                          {"version", no_argument, NULL, 'v'},
                                          {"help", no_argument, NULL, 'h'},
                                          {0}};
  struct vsm_notifier_options o = {.query = VSM_QUERY_DEFAULT, .publish = VSM_PUBLISH_DEFAULT};
  struct vsm_keys_options keys = {0};
  const char *test = NULL;
  int check = 0;
  for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
    if (c == 'v' || c == 'h')
      return fputs(c == 'v' ? "vsm-notify " VSM_VERSION "\n" : usage, stdout) < 0;
    if (c == 'f')
      o.config = optarg;
    else if (c == 'q')
      o.query = optarg;
    else if (c == 'p')
      o.publish = optarg;
    else if (c == 'o')
      keys.key = optarg;
    else if (c == 's')
      keys.server_key = optarg;
    else if (c == 'r')
      keys.profile = optarg;
    else if (c == 'k')
      check = 1;
    else if (c == 't')
      test = optarg;
    else
      return fputs(usage, stderr), 2;
  }
  if (!o.config || optind < argc || (check && test))
    return fputs(usage, stderr), 2;
  if (check)
    return vsm_settings_check(o.config, stdout, stderr) ? 1 : 0;
  return test ? vsm_notifier_test(o.config, test) : run(&o, &keys);
}
