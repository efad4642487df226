# Where the flow is held up: more comes than leaves. Six come to the shop before it is done with one.
windows 1h
stage repair -> test
stage test   -> outcome
measure repair min_visits 20
rule desk opened   -> repair start    by {subject}
rule shop repaired -> repair complete by {subject}

day 2026-03-02
08:00 desk opened i1
08:05 desk opened i2
08:10 desk opened i3
08:15 desk opened i4
08:20 desk opened i5
# Five came and none left, which may be chance: (5 - 0 - 1)^2 = 16 is not above 4 x (5 + 0).
expect 08:20 bottleneck repair arrivals 5 departures 0 score 0 overload 0 growth 0
08:25 desk opened i6
# With six it is not: (6 - 0 - 1)^2 = 25 is above 4 x (6 + 0). Nothing that came got through, and all that is here came
# on top.
expect 08:25 bottleneck repair rank 1 arrivals 6 departures 0 overload 1 growth 1 queue 0 late 0 score 2
expect 08:25 bottleneck test rank 2 score 0
# One is done, and it may be chance again: (6 - 1 - 1)^2 = 16 is not above 4 x (6 + 1).
08:30 shop repaired i1
expect 08:30 bottleneck repair overload 0 growth 0 score 0
# What came in before 08:21 is out of the window of an hour at 09:20.
expect 09:20 bottleneck window 1h repair arrivals 1 departures 1 overload 0 growth 0
expect 09:20 bottleneck repair arrivals 6 departures 1
