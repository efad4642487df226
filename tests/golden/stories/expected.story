# A stage is expected to take 2 h at most. Work that stands still lowers the share, long before it is done.
windows 1h
stage planning -> outcome
expected planning within 2h
expected planning within 3h name slow clock ours
rule gis opened -> planning start    by {subject}
rule gis asked  -> planning suspend  by {subject} reason easement party third-party
rule gis issued -> planning complete by {subject}

day 2026-03-02
08:00 gis opened a
08:00 gis opened b
08:00 gis opened c
09:30 gis issued a
# a within 2 h; b and c are not yet older.
expect 10:00 stage planning sle 1 attained 1 count 1
# Now they are: 1 of 3.
expect 10:01 stage planning sle 1 attained 0.333333333 count 3
# b took exactly 2 h, as is heard late: 2 of 3.
10:05 gis issued b of 10:00
expect 10:05 stage planning sle 1 attained 0.666666667 count 3
# Of what was completed from 09:31 on b alone is left, and c is open and older: 1 of 2.
expect 10:30 stage planning window 1h sle 1 attained 0.5 count 2
# From 10:30 on c waits for a third party. Its clock of ours stands still at 2 h 30 min, whatever comes: it is no 3 h old.
10:30 gis asked c
expect 20:00 stage planning sle 2 attained 1 count 2
expect 20:00 stage planning sle 1 attained 0.666666667 count 3
20:00 gis issued c
expect 20:00 stage planning sle 2 attained 1 count 3
