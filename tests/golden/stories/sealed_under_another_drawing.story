# What was sealed keeps its counts when the stream is drawn anew: a stage that got another name has them, one that is
# gone keeps them until it returns.
keep 1d
windows 30d
stage planning -> permits
stage permits  -> building
stage building -> outcome
rule gis opened  -> planning start    by {subject}
rule gov filed   -> permits  start    by {subject}
rule wms started -> building start    by {subject}
rule wms done    -> building complete by {subject}

day 2026-03-02
08:00 gis opened p
09:00 gov filed p
11:00 wms started p
12:00 wms done p
day 2026-03-05
expect 08:00 item p unknown
expect 08:00 stage permits completed 1 arrivals 1 cycle_time.max 2h

from now on
stage design was planning -> building
stage building -> outcome
expect 09:00 stage design completed 1 arrivals 1 cycle_time.max 1h
expect 09:00 stage building completed 1 arrivals 1 wip 0
expect 09:00 stage building window 30d completed 1 arrivals 1
expect 09:00 stream started 1 finished 1 lead_time.max 4h
expect 09:00 edge permits -> building none

from now on
stage design   -> permits
stage permits  -> building
stage building -> outcome
expect 10:00 stage design completed 1 arrivals 1
expect 10:00 stage permits completed 1 arrivals 1 cycle_time.max 2h
expect 10:00 stage permits window 30d completed 1
expect 10:00 edge permits -> building drawn total 1
expect 10:00 stream started 1 finished 1
