// vsm-notify's desk in virtual time, with routes to all kinds of receivers, and alerts that a test says.
#pragma once
#include "agents/notify/desk.h"
#include "base/time.h"

#define MONDAY INT64_C(1764547200000000) // 2025-12-01T00:00:00Z
#define HOURS(h) ((int64_t)((h)*60) * VSM_MINUTE_US)
#define SECONDS(s) ((int64_t)((s)*1000) * 1000)

struct desk_rig {
  struct vsm_settings *settings;
  struct vsm_store *store;
  struct vsm_desk desk;
  int64_t now_us;
  uint64_t number;
};

int desk_rig_setup(void **state);
int desk_rig_teardown(void **state);
#define TEST(name) cmocka_unit_test_setup_teardown(name, desk_rig_setup, desk_rig_teardown)

// An alert at stage `stage` of stream S, or of what `tweak` makes of it.
typedef void tweak_fn(Vsm__V1__Alert *a);
tweak_fn silenced, fired_anew;
void say_as(struct desk_rig *x, const char *kind, const char *stage, const char *state, const char *change,
            tweak_fn *tweak);
void say(struct desk_rig *x, const char *kind, const char *stage, const char *state); // the change is the state

// Time goes on to when the next message is made; returns how long that took, in seconds.
double until_told(struct desk_rig *x);
void assert_nothing_waits(struct desk_rig *x);
// The next message to a receiver has this in its JSON, and is taken.
void assert_message(struct desk_rig *x, const char *receiver, const char *wanted, const char *not_wanted);

#define CHANGE(word, id) "{\"change\":\"" word "\",\"alert\":{\"id\":\"" id "\""
