// How long items are held. The horizon begins at 1970; at each midnight (UTC) a time step moves it up to items.keep
// before now, unless since the last one an event was accepted from before that time (a backfill); it never goes back.
// The same step seals what is closed and said its last before the horizon: its counts stay, its transitions and keys
// go. What comes from before the horizon, of an item that is not held, is too late.
#pragma once
#include "core/state.h"

#define VSM_ITEMS_KEEP_US (400 * VSM_DAY_US) // with the wall clock, where nothing else is configured

// The next midnight; INT64_MAX: items are held for ever.
int64_t vsm_horizon_due(const struct vsm_core *core);
// It is midnight: now.
void vsm_horizon_step(struct vsm_core *core);
// May another item be held? At limits.items, or where there is no memory for more (vsm_core_set_room()), closed ones
// are sealed early, the oldest first, but for those that the event looked at is about. NULL: it may; else why not.
const char *vsm_horizon_refuse(struct vsm_core *core, const struct vsm_look *look);
// An item that is closed is let go of; its counts stay. `told`: to those who want to know of it (vsm_core_on_sealed()).
void vsm_horizon_seal(struct vsm_core *core, unsigned stream, uint32_t id, bool told);
