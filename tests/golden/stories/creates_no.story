# The bureau reports on people who never apply. Such a report alone makes no item; it counts once the application is
# there, from the time at which it was made.
stage inquiry -> credit
stage credit  -> outcome
rule bureau reported -> credit  complete by {subject} creates no
rule crm    opened   -> inquiry start    by {subject}

day 2026-03-02
08:00 bureau reported ann
08:30 bureau reported bob
expect 09:00 stream wip 0 started 0
expect 09:00 item bob unknown
expect 09:00 events applied 2 unmapped 0
09:10 crm opened ann of 07:30
expect 09:10 stream wip 0 started 1 finished 1 lead_time.mean 30m
expect 09:10 item ann visits inquiry:completed:30m:implied credit:completed:0s:unobserved
expect 09:10 item bob unknown
