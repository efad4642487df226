# Two arms of a fork wait, and their waits overlap: the item waits for others as long as one of them does, and that time
# counts once. What still waits when the span ends has waited up to then.
stage planning     -> construction and permits
stage construction -> outcome
stage permits      -> outcome
expected stream within 1h from planning/left to construction/left clock ours
rule gis issued  -> planning     complete by {subject}
rule wms blocked -> construction suspend  by {subject} party third-party reason material
rule wms goes_on -> construction resume   by {subject}
rule wms done    -> construction complete by {subject}
rule gov asked   -> permits      suspend  by {subject} party customer reason drawing
rule gov goes_on -> permits      resume   by {subject}

day 2026-03-02
08:00 gis issued p
08:30 wms blocked p
09:00 gov asked p
# Blocked 8:30 to 10:00 by one, 9:00 to 11:00 by the other: 2 h 30 min in all.
10:00 wms goes_on p
11:00 gov goes_on p
# Ours: 8:00 to 8:30, and 11:00 to 11:30. Not older than 1 h at 11:30, but a minute later.
expect 11:30 stream sle 1 attained 0 count 0
expect 11:31 stream sle 1 attained 0 count 1
# Permits wait again from 11:20 on, and still do when construction is done: ours are 30 + 20 min.
11:31 gov asked p of 11:20
12:00 wms done p
expect 12:00 stream sle 1 attained 1 count 1
