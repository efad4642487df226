# Signs that work goes on move nothing and make no item.
stage repair -> outcome
rule desk opened -> repair start    by {subject}
rule desk note   -> repair progress by {subject}
rule desk fixed  -> repair complete by {subject}

day 2026-03-02
08:00 desk note ghost
expect 08:00 stream wip 0 started 0
08:00 desk opened i1
09:00 desk note i1
10:00 desk note i1
expect 10:00 stage repair wip 1 active 1 arrivals 1 age.max 2h
expect 10:00 stream wip 1 started 1
11:00 desk fixed i1
expect 11:00 stage repair completed 1 cycle_time.mean 3h
expect 11:00 events applied 5 duplicates 0
# The work itself is told at last, with a start before its sign of life.
12:00 desk opened ghost of 07:00
expect 12:00 stream wip 1 started 2
