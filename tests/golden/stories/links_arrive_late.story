# The planning system knows a design number, the work system a work order. Two half items stand there until an event
# names both numbers; then they were one item all along.
stage planning     -> installation
stage installation -> outcome
rule gis opened  -> planning     start    by dsn:{subject}
rule gis issued  -> planning     complete by dsn:{subject}
rule wms started -> installation start    by wo:{subject}
rule gis handed  -> planning     links    by dsn:{subject} link wo:{data.order}

day 2026-03-02
08:00 gis opened 77
09:00 gis issued 77
10:00 wms started 5
expect 10:00 stream wip 2 started 2
expect 10:00 stage installation wip 2 queued 1 active 1 arrivals 2
11:00 gis handed 77 order=5
expect 11:00 stream wip 1 started 1
expect 11:00 stage installation wip 1 queued 0 active 1 arrivals 1 age.max 2h
expect 11:00 item wo:5 shown dsn:77
expect 11:00 item wo:5 keys dsn:77 wo:5
expect 11:00 item dsn:77 visits planning:completed:1h installation:active:2h
12:00 gis handed 77 order=5
expect 12:00 events applied 4 duplicates 1
