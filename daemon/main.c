#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "conf/conf.h"
#include "daemon.h"
#include "shell/checkpoint.h"
#include "shell/large_pages.h"

static const char usage[] =
    "usage: vsmd --config FILE [--clock wall|event] [--salvage] [--check]\n"
    "       vsmd --checkpoint DIR [--config FILE]\n"
    "       vsmd --version | --help\n"
    "\n"
    "  --config FILE   the configuration\n"
    "  --check         say all that was understood of it, or every mistake, and end\n"
    "  --clock CLOCK   instead of daemon.clock: wall, or event (for replay and simulation)\n"
    "  --salvage       go on with what is left of a damaged journal\n"
    "  --checkpoint DIR  write a checkpoint of this state directory, and end; a daemon does so by itself\n"
    "\n"
    "SIGHUP takes the file anew; SIGTERM ends.\n";

int main(int argc, char **argv) {
  static const struct option options[] = {{"config", required_argument, NULL, 'f'},
                                          {"check", no_argument, NULL, 'k'},
                                          {"clock", required_argument, NULL, 'c'},
                                          {"version", no_argument, NULL, 'v'},
                                          {"help", no_argument, NULL, 'h'},
                                          {"salvage", no_argument, NULL, 's'},
                                          {"checkpoint", required_argument, NULL, 'p'},
                                          {0}};
  struct vsm_daemon_options o = {.clock = VSM_CLOCK_AS_CONFIGURED};
  const char *checkpoint = NULL;
  int check_only = 0;
  vsm_large_pages(argv);
  for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
    if (c == 'v' || c == 'h')
      return fputs(c == 'v' ? "vsmd " VSM_VERSION "\n" : usage, stdout) < 0;
    if (c == 'f')
      o.config = optarg;
    else if (c == 'k')
      check_only = 1;
    else if (c == 'p')
      checkpoint = optarg;
    else if (c == 's')
      o.salvage = true;
    else if (c == 'c' && (strcmp(optarg, "wall") == 0 || strcmp(optarg, "event") == 0))
      o.clock = strcmp(optarg, "wall") == 0 ? VSM_CLOCK_WALL : VSM_CLOCK_EVENT;
    else
      return fputs(usage, stderr), 2;
  }
  if ((!o.config && !checkpoint) || optind < argc)
    return fputs(usage, stderr), 2;
  if (checkpoint || check_only)
    return checkpoint ? vsm_checkpoint_make(checkpoint, o.config) : vsm_config_check(o.config, stdout, stderr) != 0;
  struct vsm_daemon *d = vsm_daemon_create(&o);
  int err = d ? vsm_daemon_run(d) : -1;
  vsm_daemon_destroy(d);
  return err ? 1 : 0;
}
