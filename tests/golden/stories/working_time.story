# An office that works from Monday to Friday, 8 to 17. Durations and ages are its working time, the meter's are not;
# what is counted is counted when it happened.
windows 24h
calendar office mon-fri 08:00-17:00 holiday 2026-03-10
stage credit -> meter
stage meter  -> outcome
measure stream calendar office
measure meter calendar none
rule cis opened   -> credit start    by {subject}
rule cis asked    -> credit suspend  by {subject} reason deposit party customer
rule cis received -> credit resume   by {subject}
rule cis approved -> credit complete by {subject}
rule mwm fitted   -> meter  complete by {subject}

# A Friday.
day 2026-03-06
16:00 cis opened a
day 2026-03-07
expect 12:00 stage credit age.max 3600 wip 1
expect 12:00 stream age.max 3600
# Friday 16 to 17, Monday 8 to 9:30.
day 2026-03-09
09:30 cis approved a
expect 09:30 stage credit cycle_time.mean 9000 active_time.mean 9000 flow_efficiency 1
expect 09:30 stage credit window 24h completed 1 arrivals 0
# A customer is waited for from Monday 16:00 to Wednesday 10:00, the Tuesday being a holiday: 1 h + 2 h.
16:00 cis opened b
16:00 cis asked b
day 2026-03-11
10:00 cis received b
expect 10:00 stage credit waits customer deposit count 1 seconds 10800
11:00 cis approved b
expect 11:00 stage credit cycle_time.max 4h suspended_time.max 3h
# The meter of b: 11:00 to 19:00, elapsed: 8 h. The item's lead time: 1 h + 3 h + 6 h of the office's.
19:00 mwm fitted b
expect 19:00 stage meter cycle_time.mean 28800
expect 19:00 stream finished 1 lead_time.mean 36000
# The meter of a is still to come: 1 h of Friday, 9 h of Monday, 9 h of Wednesday.
expect 19:00 stream wip 1 age.max 68400
# Of the ten hours of b one was worked on: Wednesday 10 to 11.
expect 19:00 stream flow_efficiency 0.1
