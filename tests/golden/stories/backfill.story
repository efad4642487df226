# The horizon waits while a backfill goes on: as long as in the day before an event was accepted from behind it.
keep 1d
stage repair -> outcome
rule desk opened -> repair start    by {subject}
rule desk fixed  -> repair complete by {subject}

# On the first day nothing is too late: the horizon begins at 1970.
day 2026-03-02
08:00 desk opened b1 of 2025-06-01T08:00
08:01 desk fixed  b1 of 2025-06-01T09:00
day 2026-03-03
# It did not move at midnight.
expect 08:00 item b1 finished
08:00 desk opened b2 of 2025-06-02T08:00
08:01 desk fixed  b2 of 2025-06-02T10:00
day 2026-03-05
# The day before last was the last of the backfill: at this midnight it moved, to 2026-03-04T00:00.
expect 08:00 item b1 unknown
expect 08:00 events held 0
expect 08:00 stage repair completed 2 cycle_time.count 2 cycle_time.mean 1h30m
08:00 desk opened b3 of 2025-06-03T08:00
expect 08:00 events too_late 1
