# Between two stages an item is in the stream's work and in no stage's. Its age goes on.
stage triage -> repair or replace
stage repair  -> outcome
stage replace -> outcome
rule desk opened -> triage start    by {subject}
rule desk sorted -> triage complete by {subject}
rule shop begun  -> repair start    by {subject}

day 2026-03-02
08:00 desk opened i1
09:00 desk sorted i1
expect 12:00 stream wip 1 between 1 age.max 4h
expect 12:00 stage triage wip 0
expect 12:00 stage repair wip 0
expect 12:00 item i1 open
13:00 shop begun i1
expect 13:00 stream wip 1 between 0
