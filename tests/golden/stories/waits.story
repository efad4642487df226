# Where work stands still, why, and for whom. A design waits for an easement, then for the customer, then for us.
windows 1h
stage planning -> outcome
rule gis opened  -> planning start    by {subject}
rule gis asked   -> planning suspend  by {subject} reason easement party third-party
rule gis unclear -> planning suspend  by {subject} reason {data.what} party customer
rule gis unclear -> planning suspend  by {subject} reason drawing party third-party
rule gis paused  -> planning suspend  by {subject}
rule gis goes_on -> planning resume   by {subject}
rule gis issued  -> planning complete by {subject}

day 2026-03-02
08:00 gis opened d
09:00 gis asked d
expect 10:00 stage planning waits third-party easement wip 1 count 0 seconds 0
# It waits for something else now: the first suspension ended after 1 h 30 min, the next one began. Of the two pairs that
# this one event gives, "meter" of the customer and "drawing", the reason greatest in bytes holds.
10:30 gis unclear d what=meter
expect 10:30 stage planning waits third-party easement wip 0 count 1 seconds 5400
expect 10:30 stage planning waits customer meter wip 1 count 0
expect 10:30 stage planning waits third-party drawing wip 0 count 0
expect 10:30 stage planning suspended 1
# Said again it is the same suspension: it ends at 11:00, after 30 min.
10:45 gis unclear d what=meter
11:00 gis goes_on d
expect 11:00 stage planning waits customer meter wip 0 count 1 seconds 1800
# A suspension counts at its end: that of 10:30 leaves the window of an hour at 11:30.
expect 11:29 stage planning window 1h waits third-party easement count 1 seconds 5400
expect 11:30 stage planning window 1h waits third-party easement count 0 seconds 0
expect 11:30 stage planning window 1h waits customer meter count 1 seconds 1800
# Without a reason, for us; the end of the visit ends it: 20 min. Suspended altogether 90 + 30 + 20 min = 8400 s.
11:40 gis paused d
12:00 gis issued d
expect 12:00 stage planning waits us - wip 0 count 1 seconds 1200
expect 12:00 stage planning suspended_time.mean 8400
