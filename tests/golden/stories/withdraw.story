# A person ends an item that was abandoned. Work that begins later opens it again.
stage repair -> outcome
rule desk opened -> repair start    by {subject}
rule desk paused -> repair suspend  by {subject}

day 2026-03-02
08:00 desk opened i1
09:00 desk paused i1
10:00 withdraw i1
expect 10:00 item i1 withdrawn
expect 10:00 item i1 visits repair:withdrawn:2h
expect 10:00 stage repair withdrawn 1 wip 0
expect 10:00 stream withdrawn 1 wip 0
11:00 desk opened i1
expect 11:30 item i1 visits repair:withdrawn:2h repair:active:30m:rework
expect 11:30 stream reopened 1 wip 1
