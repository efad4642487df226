# Finished, and then started again: the item is reopened. It keeps its first transition, so the second lead time counts
# from there.
stage repair -> check
stage check  -> outcome
rule desk opened -> repair start    by {subject}
rule desk fixed  -> repair complete by {subject}
rule qa   passed -> check  complete by {subject}
rule desk closed -> item   finish   by {subject}

day 2026-03-02
08:00 desk opened i1
09:00 desk fixed i1
10:00 qa passed i1
expect 10:00 stream finished 1 wip 0 lead_time.mean 2h
11:00 desk closed i1
expect 11:00 stream finished 1 redundant 1
12:00 desk opened i1
expect 12:00 stream reopened 1 wip 1 started 1
expect 12:00 item i1 open
13:00 desk closed i1
expect 13:00 stream finished 2 wip 0 lead_time.count 2 lead_time.max 5h
expect 13:00 item i1 visits repair:completed:1h check:completed:1h repair:completed:1h:rework:implied
expect 13:00 item i1 finished
