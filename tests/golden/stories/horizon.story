# What is closed and older than the horizon is sealed at midnight: its counts stay, its key is free. What comes from
# before the horizon is too late, unless its item is held.
keep 2d
windows 1h
stage repair -> outcome
rule desk opened -> repair start    by {subject}
rule desk fixed  -> repair complete by {subject}

day 2026-03-02
08:00 desk opened i1
09:00 desk fixed  i1
10:00 desk opened i2
day 2026-03-04
10:00 desk opened i3
# The horizon is at 2026-03-02T00:00: what was said of i1 lies behind it.
expect 12:00 item i1 finished
expect 12:00 events held 3
12:00 desk opened i4
day 2026-03-05
# Midnight has moved it to 2026-03-03: i1 is sealed, i2 is open and held.
expect 00:01 item i1 unknown
expect 00:01 item i2 open
expect 00:01 events held 3
expect 00:01 stage repair completed 1 arrivals 4 wip 3 cycle_time.count 1 cycle_time.max 1h
expect 00:01 stream started 4 finished 1 wip 3 lead_time.count 1
08:00 desk fixed  i2
day 2026-03-06
08:00 desk opened i1
# A later event under a sealed key begins a new item.
expect 08:00 item i1 visits repair:active:0s
expect 08:00 stage repair completed 2 arrivals 5 wip 3 rework 0
expect 08:00 stream started 5 finished 2 reopened 0
expect 08:00 events received 7 applied 7 rejected 0
