# Nobody told that credit was looked at before planning began: its visit counts as skipped. Later the credit system says
# that it was done, and so the visit counts as completed when it ended.
stage inquiry  -> credit
stage credit   -> planning
stage planning -> outcome
rule crm opened    -> inquiry  start    by {subject}
rule crm submitted -> inquiry  complete by {subject}
rule cis approved  -> credit   complete by {subject}
rule gis opened    -> planning start    by {subject}

day 2026-03-02
09:00 crm opened 1
09:30 crm submitted 1
10:00 gis opened 1
expect 10:10 item 1 visits inquiry:completed:30m credit:skipped:30m planning:active:10m
expect 10:10 stage credit skipped 1 completed 0 bypassed 0
10:20 cis approved 1
expect 10:20 item 1 visits inquiry:completed:30m credit:completed:30m planning:active:20m
expect 10:20 stage credit skipped 0 completed 1 implied 0 cycle_time.mean 30m
