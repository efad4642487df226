# Is this one slow? Its age among the times that others took here: four were repaired, in 1, 2, 3 and 4 hours. Half of
# them took 2 h at most, 85 % (so all four) 4 h at most.
stage repair -> outcome
measure repair min_visits 4
rule desk opened -> repair start    by {subject}
rule desk fixed  -> repair complete by {subject}

day 2026-03-02
08:00 desk opened a
08:00 desk opened b
08:00 desk opened c
08:00 desk opened d
09:00 desk fixed a
10:00 desk fixed b
11:00 desk fixed c
# Three are too few to tell from.
11:00 desk opened x
expect 11:30 row x repair pace none percentile 0
12:00 desk fixed d
# 1 h, as long as the fastest of four; 2 h, as long as half of them.
expect 12:00 row x repair pace on_pace percentile 25 in_stage 1h
expect 13:00 row x repair pace on_pace percentile 50 in_stage 2h
expect 13:30 row x repair pace slow percentile 50
expect 14:00 row x repair pace slow percentile 75
expect 15:00 row x repair pace slow percentile 100
# Nobody took so long.
expect 15:30 row x repair pace over percentile 100
