# Straight from the inquiry to planning, past credit, where every way leads. Credit was bypassed, until an event tells
# that the item was there after all: late news, of a visit that nobody saw.
stage inquiry  -> credit
stage credit   -> planning
stage planning -> outcome
rule crm opened   -> inquiry  start    by {subject}
rule cis approved -> credit   complete by {subject}
rule gis opened   -> planning start    by {subject}

day 2026-03-02
09:00 crm opened 1
10:00 gis opened 1
expect 10:00 stage credit bypassed 1 arrivals 0
expect 10:00 item 1 visits inquiry:completed:1h:implied planning:active:0s
11:00 cis approved 1
expect 11:00 stage credit bypassed 0 arrivals 1 completed 1 unobserved 1 wip 0 cycle_time.count 0
expect 11:00 item 1 visits inquiry:completed:1h:implied planning:active:1h credit:completed:0s:unobserved
