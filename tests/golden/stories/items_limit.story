# Where no more items may be held closed ones are sealed early, the oldest first; if all are open, new ones are refused.
items most 3
windows 1h
stage repair -> outcome
rule desk opened -> repair start    by {subject}
rule desk fixed  -> repair complete by {subject}

day 2026-03-02
08:00 desk opened i1
08:01 desk opened i2
08:02 desk opened i3
08:03 desk fixed  i2
08:04 desk fixed  i1
# i2 closed first.
08:05 desk opened i4
expect 08:05 item i2 unknown
expect 08:05 item i1 finished
08:06 desk opened i5
expect 08:06 item i1 unknown
expect 08:06 events held 3 rejected 0
# All are open.
08:07 desk opened i6
expect 08:07 item i6 unknown
expect 08:07 events limit 1
expect 08:07 events held 3 applied 7 rejected 1
# Their counts stay, in the windows as well.
expect 08:07 stage repair arrivals 5 completed 2 wip 3
expect 08:07 stage repair window 1h arrivals 5 completed 2 cycle_time.count 2
08:08 desk fixed  i3
08:09 desk opened i6
expect 08:09 item i6 open
expect 08:09 item i3 unknown
expect 10:30 stage repair window 1h arrivals 0 completed 0
expect 10:30 stage repair arrivals 6 completed 3 wip 3
