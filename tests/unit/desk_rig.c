#include "desk_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agents/notify/queue.h"
#include "tests/lib/test.h"

static const char CONFIG[] =
    "calendars:\n"
    "  - { id: office, zone: UTC, week: [\"mon-fri 08:00-12:00\", \"mon-fri 13:00-17:00\"], holidays: [2025-12-02] }\n"
    "  - { id: awake, zone: America/Chicago, week: [\"mon-sun 06:00-22:00\"] }\n"
    "receivers:\n"
    "  - { id: hook, webhook: { url: \"http://127.0.0.1:1\" } }\n"
    "  - { id: page, log: stderr }\n"
    "  - { id: am, alertmanager: { url: \"http://127.0.0.1:1\" } }\n"
    "  - { id: mail, mail: { server: \"smtp://h\", from: a@b, to: [x@y, z@y], to_owner: { Field: f@y } } }\n"
    "routes:\n"
    "  - { kind: wip_limit, receivers: [am] }\n"
    "  - { kind: item_stalled, receivers: [page], digest: office }\n"
    "  - { stream: NIGHT*, receivers: [page], quiet_outside: office }\n"
    "  - { kind: sle_missed, receivers: [mail], group_wait: 0s }\n"
    "  - { severity: info, drop: true }\n"
    "  - { receivers: [hook] }\n";

int desk_rig_setup(void **state) {
  static struct desk_rig x;
  char path[] = "/tmp/test-notify-XXXXXX", why[200];
  struct vsm_conf_report report;
  int fd = mkstemp(path);
  assert_true(fd >= 0 && write(fd, CONFIG, sizeof CONFIG - 1) == (ssize_t)sizeof CONFIG - 1);
  close(fd);
  x = (struct desk_rig){.now_us = MONDAY + HOURS(9)};
  vsm_settings_load(path, &x.settings, &report);
  vsm_conf_report_print(&report, stderr);
  vsm_conf_report_fini(&report);
  unlink(path);
  assert_non_null(x.settings);
  assert_int_equal(vsm_store_open(NULL, &x.store, why, sizeof why), 0);
  x.desk = (struct vsm_desk){x.settings, x.store};
  *state = &x;
  return 0;
}

int desk_rig_teardown(void **state) {
  struct desk_rig *x = *state;
  assert_false(vsm_store_failed(x->store));
  vsm_store_close(x->store);
  vsm_settings_destroy(x->settings);
  return 0;
}

void say_as(struct desk_rig *x, const char *kind, const char *stage, const char *state, const char *change,
            tweak_fn *tweak) {
  char id[100];
  Vsm__V1__Alert a = VSM__V1__ALERT__INIT;
  snprintf(id, sizeof id, "%s:S/%s", kind, stage);
  a.id = id;
  a.kind = (char *)kind;
  a.value_stream = (char *)"S";
  a.stage = (char *)stage;
  a.severity = (char *)"warning";
  a.owner = (char *)"Ops";
  a.state = (char *)state;
  a.change = (char *)change;
  a.reason = (char *)"It stands still.";
  a.number = ++x->number;
  a.since_unix_nano = a.fired_unix_nano = (uint64_t)MONDAY * 1000;
  if (tweak)
    tweak(&a);
  vsm_desk_publish(&x->desk, &a, x->now_us);
}

void say(struct desk_rig *x, const char *kind, const char *stage, const char *state) {
  say_as(x, kind, stage, state, state, NULL);
}

double until_told(struct desk_rig *x) {
  int64_t due_us = vsm_desk_due(&x->desk), begun_us = x->now_us;
  assert_true(due_us != INT64_MAX);
  assert_true(due_us >= x->now_us || due_us <= begun_us);
  x->now_us = due_us > x->now_us ? due_us : x->now_us;
  assert_true(vsm_desk_flush(&x->desk, x->now_us));
  return vsm_seconds(x->now_us - begun_us);
}

void assert_nothing_waits(struct desk_rig *x) {
  while (vsm_desk_due(&x->desk) != INT64_MAX) {
    struct vsm_message m;
    x->now_us = vsm_desk_due(&x->desk);
    vsm_desk_flush(&x->desk, x->now_us);
    assert_false(vsm_queue_next(x->store, "hook", &m));
    assert_false(vsm_queue_next(x->store, "page", &m));
  }
}

void assert_message(struct desk_rig *x, const char *receiver, const char *wanted, const char *not_wanted) {
  struct vsm_message m;
  assert_true(vsm_queue_next(x->store, receiver, &m));
  if (!strstr(m.body, wanted) || (not_wanted && strstr(m.body, not_wanted)))
    fail_msg("wanted %s, not %s, in %s", wanted, not_wanted ? not_wanted : "-", m.body);
  vsm_queue_done(x->store, m.id);
  vsm_queue_free(&m);
}

void silenced(Vsm__V1__Alert *a) {
  a->silenced = (char *)"ann until tomorrow: known";
}

void fired_anew(Vsm__V1__Alert *a) {
  a->fired_unix_nano += 1000000;
}
