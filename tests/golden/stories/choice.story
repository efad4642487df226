# After credit the ways part: planning for a new service, or the meter alone. Until it is known, the item is between
# stages; the way not taken is not bypassed.
stage credit   -> planning or meter
stage planning -> meter
stage meter    -> outcome
rule cis opened   -> credit   start    by {subject}
rule cis approved -> credit   complete by {subject}
rule gis opened   -> planning start    by {subject}
rule ami ok       -> meter    complete by {subject}

day 2026-03-02
08:00 cis opened new
08:00 cis opened old
09:00 cis approved new
09:00 cis approved old
expect 09:00 stream wip 2 between 2
expect 09:00 stage planning wip 0 arrivals 0
10:00 gis opened new
10:00 ami ok old
expect 10:00 stage planning wip 1 bypassed 0
expect 10:00 stage meter unobserved 1 wip 0
expect 10:00 stream finished 1 wip 1 between 0
12:00 ami ok new
expect 12:00 item new visits credit:completed:1h planning:completed:2h:implied meter:completed:0s:unobserved
expect 12:00 stream finished 2 wip 0
