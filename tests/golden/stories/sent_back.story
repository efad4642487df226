# Installation finds a mistake and sends the item back to planning: returned, and rework at planning. The second time
# it goes through; the first pass yield of planning is that of the other item alone.
stage planning     -> installation
stage installation -> outcome
rule gis opened  -> planning     start    by {subject}
rule gis issued  -> planning     complete by {subject}
rule wms started -> installation start    by {subject}
rule wms done    -> installation complete by {subject}

day 2026-03-02
08:00 gis opened a
08:00 gis opened b
09:00 gis issued a
09:00 wms started a
09:00 gis issued b
10:00 gis opened a
expect 10:00 stage installation returned 1 wip 1
expect 10:00 stage planning rework 1 wip 1 active 1 first_pass_yield 0.5
11:00 gis issued a
11:00 wms started a
12:00 wms done a
expect 12:00 item a visits planning:completed:1h installation:returned:1h planning:completed:1h:rework installation:completed:1h:rework
expect 12:00 stage installation rework 1 returned 1 completed 1 first_pass_yield 0
expect 12:00 stream finished 1 reopened 0 wip 1
