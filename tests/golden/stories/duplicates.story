# Said twice, counted once; and what nobody knows, or nobody wants, is counted as such.
stage repair -> outcome
rule desk opened  -> repair start    by {subject}
rule desk fixed   -> repair complete by {subject}
rule desk printed ignore

day 2026-03-02
08:00 desk opened i1
08:00 desk opened i1
08:05 desk opened i1 of 08:00
09:00 desk fixed i1
09:30 desk fixed i1 of 09:00
09:40 desk printed i1
09:50 desk painted i1
expect 10:00 stage repair arrivals 1 completed 1 redundant 0
expect 10:00 events received 7 applied 2 duplicates 3 ignored 1 unmapped 1 rejected 0
