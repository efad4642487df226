# The observed map: one order is built without the check, and one is withdrawn and comes back.
windows 1h 24h
stage sales -> check
stage check -> build
stage build -> outcome
rule crm  sold      -> sales complete by {subject}
rule lab  tested    -> check complete by {subject}
rule shop building  -> build start    by {subject}
rule shop built     -> build complete by {subject}
rule crm  cancelled -> item withdraw  by {subject}
rule crm  resumed   -> sales start    by {subject}

day 2026-03-02
# c waits for the check from 10:00 on, and so counts as gone there ...
10:00 crm sold c
expect 10:00 edge sales -> check drawn count 1 handover_time.count 0
expect 10:00 edge sales -> build none
# ... until it is clear that nobody checked it: then it went from sales to build, and waited 30 minutes.
10:30 shop building c
expect 10:30 edge sales -> check drawn count 0
expect 10:30 edge sales -> build skip count 1 handover_time.p50 30m
10:40 shop built c
# The lab tells late that it had tested c at 10:20. So it went through the check after all; when that began nobody knows.
# From there it waited 10 minutes.
10:41 lab tested c of 10:20
expect 10:41 edge sales -> build none
expect 10:41 edge sales -> check drawn count 1 handover_time.count 0
expect 10:41 edge check -> build drawn count 1 handover_time.p50 10m

# Withdrawn while it waits for the check, and back two hours later.
11:00 crm sold d
11:30 crm cancelled d
expect 11:30 edge check -> (withdrawn) withdrawn count 1 handover_time.mean 0
13:30 crm resumed d
expect 13:30 edge (withdrawn) -> sales reopened count 1 handover_time.p50 2h
expect 13:30 edge (start) -> sales drawn count 2 handover_time.count 0

# In windows: an edge counts when the item enters. Of the last hour there is d's return alone, whose total is 1.
expect 13:31 edge window 1h (withdrawn) -> sales reopened count 1 total 1
expect 13:31 edge window 1h check -> build drawn count 0 total 1 handover_time.count 0
expect 13:31 edge window 24h check -> build drawn count 1 total 1
expect 15:00 edge window 1h (withdrawn) -> sales reopened count 0 total 1
