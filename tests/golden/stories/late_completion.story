# The next stage begins before this one says that it was done. Its cycle time ends at the next stage's start, and the
# late word changes nothing but that the completion is no longer implied.
stage planning     -> installation
stage installation -> outcome
rule gis issued  -> planning     complete by {subject}
rule gis opened  -> planning     start    by {subject}
rule wms started -> installation start    by {subject}

day 2026-03-02
08:00 gis opened d1
10:00 wms started d1
expect 10:05 item d1 visits planning:completed:2h:implied installation:active:5m
expect 10:05 stage planning completed 1 implied 1
11:00 gis issued d1
expect 11:00 item d1 visits planning:completed:2h installation:active:1h
expect 11:00 stage planning completed 1 implied 0 cycle_time.mean 2h redundant 0
expect 11:00 stage installation arrivals 1 wip 1
