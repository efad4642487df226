# Time goes by and nothing comes. What happened leaves the window of an hour a pane of one minute at a time; over all
# time it stays.
windows 1h 24h
stage repair -> outcome
rule desk opened -> repair start    by {subject}
rule desk fixed  -> repair complete by {subject}

day 2026-03-02
08:00 desk opened i1
08:30 desk fixed i1
expect 08:30 stage repair window 1h arrivals 1 completed 1
expect 08:30 wakes by 09:01
expect 08:59 stage repair window 1h arrivals 1 completed 1
# The pane of 08:00 is the sixtieth before that of 09:00.
expect 09:00 stage repair window 1h arrivals 0 completed 1 cycle_time.mean 30m
expect 09:29 stage repair window 1h completed 1
expect 09:30 stage repair window 1h completed 0 cycle_time.count 0
expect 09:30 stage repair window 24h arrivals 1 completed 1
expect 09:30 stream window 1h finished 0 started 0
# A word that comes late falls where it happened.
10:00 desk opened i2 of 07:50
10:00 desk fixed i2 of 09:45
expect 10:00 stage repair window 1h arrivals 0 completed 1 cycle_time.max 1h55m
expect 10:00 stage repair arrivals 2 completed 2
day 2026-03-03
expect 08:00 stage repair window 24h arrivals 0 completed 2
expect 10:00 stage repair window 24h completed 0
expect 10:00 stage repair arrivals 2 completed 2
expect 10:00 stream finished 2
