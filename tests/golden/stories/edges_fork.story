# The observed map of a fork and a join: from the fork an edge leads to each arm, from the end of each arm one to the join;
# none from arm to arm, whichever came first.
stage plan -> dig and wire
stage dig -> connect
stage wire -> test
stage test -> connect
stage connect -> outcome
rule office planned   -> plan complete by {subject}
rule crew   digging   -> dig start     by {subject}
rule crew   dug       -> dig complete  by {subject}
rule crew   wiring    -> wire start    by {subject}
rule crew   wired     -> wire complete by {subject}
rule crew   testing   -> test start    by {subject}
rule crew   tested    -> test complete by {subject}
rule crew   connecting -> connect start by {subject}
rule crew   connected -> connect complete by {subject}

day 2026-03-02
08:00 office planned h
08:10 crew wiring h
08:30 crew digging h
08:40 crew wired h
08:50 crew testing h
09:00 crew tested h
09:30 crew dug h
09:40 crew connecting h
10:00 crew connected h
expect 10:00 edge plan -> dig drawn count 1 handover_time.p50 30m
expect 10:00 edge plan -> wire drawn count 1 handover_time.p50 10m
expect 10:00 edge wire -> test drawn count 1 handover_time.p50 10m
# The join waited for the slowest arm: from dig 10 minutes, from test 40.
expect 10:00 edge dig -> connect drawn count 1 handover_time.p50 10m
expect 10:00 edge test -> connect drawn count 1 handover_time.p50 40m
expect 10:00 edge dig -> test none
expect 10:00 edge wire -> dig none
expect 10:00 edge wire -> connect none
expect 10:00 edge plan -> connect none
expect 10:00 edge connect -> (outcome) drawn count 1
