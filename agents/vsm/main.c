#include <stdio.h>
#include <string.h>

#include "cmd.h"

static const struct {
  const char *name;
  vsm_cmd_fn *run;
  const char *what;
} commands[] = {
    {"emit", vsm_cmd_emit, "send events"},
    {"replay", vsm_cmd_replay, "send an event log: CSV or XES"},
    {"agent", vsm_cmd_agent, "speak for systems that cannot emit: files, a database"},
    {"simulate", vsm_cmd_simulate, "send what the operational systems of the configuration would say"},
    {"try", vsm_cmd_try, "see what the mapping rules make of events, without a daemon"},
    {"snapshot", vsm_cmd_snapshot, "all figures now"},
    {"watch", vsm_cmd_watch, "the streams, live"},
    {"tail", vsm_cmd_tail, "transitions as they come"},
    {"series", vsm_cmd_series, "the flow over time, with a picture"},
    {"items", vsm_cmd_items, "what is in progress, oldest first"},
    {"item", vsm_cmd_item, "the story of one item"},
    {"visits", vsm_cmd_visits, "what was finished, one by one"},
    {"edges", vsm_cmd_edges, "how items really went, beside the drawing"},
    {"bottleneck", vsm_cmd_bottleneck, "the stages that hold up the flow, and why"},
    {"forecast", vsm_cmd_forecast, "when work will be done, and how sure that is"},
    {"alerts", vsm_cmd_alerts, "what does not go as expected, and why"},
    {"silence", vsm_cmd_silence, "call nobody for a time"},
    {"ack", vsm_cmd_ack, "say that somebody sees to an alert"},
    {"unmapped", vsm_cmd_unmapped, "events that no rule knows"},
    {"rejected", vsm_cmd_rejected, "events that were refused, and why"},
    {"sources", vsm_cmd_sources, "the systems that send"},
    {"status", vsm_cmd_status, "how the daemon is"},
    {"backup", vsm_cmd_backup, "copy a state directory while the daemon runs"},
    {"export", vsm_cmd_export, "events or visits of a state directory: CSV, XES, OCEL, JSON lines"},
    {"withdraw", vsm_cmd_withdraw, "end an item that was abandoned"},
    {"forget", vsm_cmd_forget, "let go of all that is known of an item"},
    {"clock", vsm_cmd_clock, "clock accept: follow the wall clock after it jumped"},
    {"what-if", vsm_cmd_what_if, "the figures under another configuration, beside today's"},
    {"rebuild", vsm_cmd_rebuild, "map all that the journal keeps anew"},
    {"keygen", vsm_cmd_keygen, "make a key, for connections that are encrypted"},
    {"reload", vsm_cmd_reload, "take the configuration file anew"},
};
enum { N = sizeof commands / sizeof *commands };

static int help(FILE *out) {
  fputs("usage: vsm SUBCOMMAND [--help] ...\n\n", out);
  for (size_t i = 0; i < N; i++)
    fprintf(out, "  %-10s %s\n", commands[i].name, commands[i].what);
  fputs("\nWith a daemon that encrypts: --key FILE --server-key FILE, or --profile NAME (~/.config/vsm/NAME.key and\n"
        "NAME.server.pub; NAME is \"default\" where that is there); see docs/security.md.\n",
        out);
  fputs("\nExit status: 0 done, 1 failed or something was refused, 2 wrong usage.\n", out);
  return out == stdout ? VSM_DONE : VSM_WRONG_USAGE;
}

static int run(int argc, char **argv) {
  const char *names[N];
  if (!vsm_cli_take_keys(&argc, argv))
    return VSM_WRONG_USAGE;
  if (argc < 2)
    return help(stderr);
  if (strcmp(argv[1], "help") == 0 && argc > 2) { // vsm help NAME is vsm NAME --help
    argv[1] = argv[2];
    argv[2] = (char *)"--help";
  }
  if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0)
    return help(stdout);
  if (strcmp(argv[1], "--version") == 0)
    return puts("vsm " VSM_VERSION) < 0;
  for (size_t i = 0; i < N; i++) {
    if (strcmp(argv[1], commands[i].name) == 0)
      return commands[i].run(argc - 1, argv + 1);
    names[i] = commands[i].name;
  }
  const char *near = vsm_nearest(argv[1], names, N);
  fprintf(stderr, "vsm: no subcommand \"%s\"%s%s%s; vsm --help lists them\n", argv[1], near ? "; do you mean \"" : "",
          near ? near : "", near ? "\"?" : "");
  return VSM_WRONG_USAGE;
}

int main(int argc, char **argv) {
  int status = run(argc, argv);
  if (fflush(stdout) == 0 && !ferror(stdout))
    return status;
  perror("vsm: standard output");
  return status ? status : VSM_FAILED;
}
