# The observed map: four orders go through sales, check, build and ship. One goes straight through, one is sent back, one
# is built without the check, and one is withdrawn and comes back.
windows 1h 24h
stage sales -> check
stage check -> build
stage build -> outcome
rule crm  sold      -> sales complete by {subject}
rule lab  testing   -> check start    by {subject}
rule lab  tested    -> check complete by {subject}
rule shop building  -> build start    by {subject}
rule shop built     -> build complete by {subject}
rule crm  cancelled -> item withdraw  by {subject}
rule crm  resumed   -> sales start    by {subject}

day 2026-03-02
# Straight through. Nobody saw sales begin: the order was there (one edge from the start), but how long it had waited for
# it nobody knows. It waits 10 minutes for the check and 20 for the builders.
08:00 crm sold a
08:10 lab testing a
08:20 lab tested a
08:40 shop building a
09:00 shop built a
expect 09:00 edge (start) -> sales drawn count 1 handover_time.count 0
expect 09:00 edge sales -> check drawn count 1 handover_time.p50 10m handover_time.count 1
expect 09:00 edge check -> build drawn count 1 handover_time.p50 20m
expect 09:00 edge build -> (outcome) drawn count 1 handover_time.mean 0

# Sent back: b goes from build to check, and on again. It had been 5 minutes at work in build when the check began.
09:00 crm sold b
09:00 lab testing b
09:05 lab tested b
09:10 shop building b
09:15 lab testing b
expect 09:15 edge build -> check back count 1 handover_time.p50 0
09:20 lab tested b
09:50 shop building b
10:00 shop built b
expect 10:00 edge check -> build drawn count 3 handover_time.min 5m handover_time.max 30m
expect 10:00 edge sales -> check drawn count 2

# Built without the check: c waits for it from 10:00 on, and so counts as gone there ...
10:00 crm sold c
expect 10:00 edge sales -> check drawn count 3 handover_time.count 2
expect 10:00 edge sales -> build none
# ... until it is clear that nobody checked it: then it went from sales to build, and waited 30 minutes.
10:30 shop building c
expect 10:30 edge sales -> check drawn count 2
expect 10:30 edge sales -> build skip count 1 handover_time.p50 30m
10:40 shop built c
# The lab tells late that it had tested c at 10:20. So it went through the check after all; when that began nobody knows.
10:41 lab tested c of 10:20
expect 10:41 edge sales -> build none
expect 10:41 edge sales -> check drawn count 3 handover_time.count 2
expect 10:41 edge check -> build drawn count 4 handover_time.p50 10m

# Withdrawn while it waits for the check, and back two hours later.
11:00 crm sold d
11:30 crm cancelled d
expect 11:30 edge check -> (withdrawn) withdrawn count 1 handover_time.mean 0
13:30 crm resumed d
expect 13:30 edge (withdrawn) -> sales reopened count 1 handover_time.p50 2h
expect 13:30 edge (start) -> sales drawn count 4 handover_time.count 0

# In windows: an edge counts when the item enters. Of the last hour there is d's return alone, whose total is 1.
expect 13:31 edge window 1h (withdrawn) -> sales reopened count 1 total 1
expect 13:31 edge window 1h build -> check back count 0 total 1 handover_time.count 0
expect 13:31 edge window 24h build -> check back count 1 total 1
expect 15:00 edge window 1h (withdrawn) -> sales reopened count 0 total 1
