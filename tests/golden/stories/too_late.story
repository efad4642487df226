# What comes from before the horizon is refused, unless its item is held. It moves at midnight.
keep 1d
stage repair -> outcome
rule desk opened -> repair start    by {subject}
rule desk paused -> repair suspend  by {subject}
rule desk fixed  -> repair complete by {subject}

day 2026-03-02
08:00 desk opened open
08:00 desk opened done
09:00 desk fixed  done
day 2026-03-05
# The horizon is at 2026-03-04T00:00.
expect 08:00 item done unknown
08:00 desk paused done of 2026-03-02T08:30
08:01 desk opened new  of 2026-03-03T23:59
expect 08:01 events too_late 2
expect 08:01 events held 1 rejected 2
# Of an item that is held nothing is too late.
08:02 desk paused open of 2026-03-02T08:30
expect 08:02 item open visits repair:suspended:3d2m
08:03 desk opened new  of 2026-03-04T00:00
expect 08:03 item new visits repair:active:1d8h3m
expect 08:03 events too_late 2
