# Where the flow is held up: work waits for somebody to begin, and gets old. Two were repaired: one was begun at once and
# took 40 minutes, the other waited for 60 of its 80 minutes. Three that came later are not even begun.
windows 24h
stage intake -> repair
stage repair -> outcome
measure repair min_visits 2
rule desk noted    -> intake complete by {subject}
rule shop began    -> repair start    by {subject}
rule shop repaired -> repair complete by {subject}

day 2026-03-02
08:00 desk noted i1
08:00 shop began i1
08:00 desk noted i2
08:40 shop repaired i1
# One is too few to tell a p85 from.
expect 08:40 bottleneck repair queue 0 p85 0
09:00 shop began i2
09:20 shop repaired i2
09:20 desk noted i3
09:20 desk noted i4
09:20 desk noted i5
# Of the cycle times, 40 + 80 minutes, 60 were queue. p85 is 80 minutes, and nothing is older yet.
expect 09:20 bottleneck repair arrivals 5 departures 2 queue 0.5 p85 1h20m older 0 late 0 score 0.5
# After 80 minutes it is not yet older; after 90 all three are. In a steady flow of such times nothing would stay beyond
# 80 minutes.
expect 10:40 bottleneck repair older 0
expect 10:50 bottleneck window 24h repair rank 1 older 3 older_usual_share 0 late 1 queue 0.5 score 1.5
