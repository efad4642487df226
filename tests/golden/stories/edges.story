# The observed map: an order that is sent back goes through sales, check, build, check and build again.
stage sales -> check
stage check -> build
stage build -> outcome
rule crm  sold      -> sales complete by {subject}
rule lab  testing   -> check start    by {subject}
rule lab  tested    -> check complete by {subject}
rule shop building  -> build start    by {subject}
rule shop built     -> build complete by {subject}

day 2026-03-02
# Nobody saw sales begin: the order was there (one edge from the start), but how long it had waited for it nobody knows.
# It waits 10 minutes for the check and 20 for the builders.
08:00 crm sold b
08:10 lab testing b
08:20 lab tested b
08:40 shop building b
expect 08:40 edge (start) -> sales drawn count 1 handover_time.count 0
expect 08:40 edge sales -> check drawn count 1 handover_time.p50 10m handover_time.count 1
expect 08:40 edge check -> build drawn count 1 handover_time.p50 20m
expect 08:40 edge build -> check none
# It had been 5 minutes at work in build when the check began again: the builders let go when the lab took it.
08:45 lab testing b
expect 08:45 edge build -> check back count 1 handover_time.p50 0
# Checked again, it waits half an hour for the builders; done, it has finished at once.
08:50 lab tested b
09:20 shop building b
09:30 shop built b
expect 09:30 edge check -> build drawn count 2 handover_time.min 20m handover_time.max 30m
expect 09:30 edge sales -> check drawn count 1
expect 09:30 edge build -> (outcome) drawn count 1 handover_time.mean 0
