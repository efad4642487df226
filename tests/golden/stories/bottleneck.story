# Where the flow is held up. Intake takes ten minutes each time; repair works on one after the other, and the six that
# come within the hour are more than it gets done.
windows 1h 24h
stage intake -> repair
stage repair -> outcome
rule desk opened  -> intake start    by {subject}
rule desk noted   -> intake complete by {subject}
rule shop began   -> repair start    by {subject}
rule shop repaired -> repair complete by {subject}

day 2026-03-02
08:00 desk opened i1
08:10 desk noted i1
08:10 desk opened i2
08:10 shop began i1
08:20 desk noted i2
08:20 desk opened i3
08:30 desk noted i3
08:30 desk opened i4
08:40 desk noted i4
08:40 desk opened i5
08:50 desk noted i5
08:50 desk opened i6
# i1 was worked on at once for 40 minutes: no queue at all. Five came and one left, which may be chance: (5 - 1 - 1)^2
# is 9, and not above 4 x (5 + 1).
08:50 shop repaired i1
expect 08:50 bottleneck repair arrivals 5 departures 1 score 0 overload 0 growth 0
# Three more wait, nothing leaves: (8 - 1 - 1)^2 = 36 is not above 4 x 9 either, but with ten (10 - 1 - 1)^2 = 64 is
# above 4 x 11.
08:51 desk noted i6
08:51 desk noted i7
08:52 desk noted i8
expect 08:52 bottleneck repair arrivals 8 departures 1 score 0
08:53 desk noted i9
08:54 desk noted i10
expect 08:54 bottleneck repair rank 1 arrivals 10 departures 1 overload 0.9 growth 1 queue 0 late 0 score 1.9
expect 08:54 bottleneck intake rank 2 score 0
# i2 has waited from 08:20 to 09:20, and is repaired in 20 minutes. Of the cycle times, 40 and 80 minutes, 60 of 120
# minutes were queue. p85 is 80 minutes, and in a steady flow nothing stays beyond it; now eight of eight do.
09:20 shop began i2
09:40 shop repaired i2
expect 09:40 bottleneck window 24h repair queue 0.5 p85 1h20m older_usual_share 0 older 0 late 0
expect 10:30 bottleneck window 24h repair rank 1 older 8 late 1 queue 0.5 overload 0.8 growth 1 score 3.3
# What came in before 09:31 is out of the window of an hour, and so is the growth; the only one to leave in it is i2, with
# three quarters of its time in queue.
expect 10:30 bottleneck window 1h repair arrivals 0 departures 1 overload 0 growth 0 queue 0.75 p85 1h20m late 1
# Over all time: as in the day.
expect 10:30 bottleneck repair overload 0.8 growth 1
