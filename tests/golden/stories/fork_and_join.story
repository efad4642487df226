# After planning, construction and permits run side by side; energizing waits for the slower of them.
stage planning     -> construction and permits
stage construction -> energizing
stage permits      -> energizing
stage energizing   -> outcome
rule gis opened  -> planning     start    by {subject}
rule gis issued  -> planning     complete by {subject}
rule wms started -> construction start    by {subject}
rule wms done    -> construction complete by {subject}
rule gov granted -> permits      complete by {subject}
rule ops on      -> energizing   complete by {subject}

day 2026-03-02
08:00 gis opened p
09:00 gis issued p
# One item, in two stages at once.
expect 09:00 stage construction wip 1 queued 1
expect 09:00 stage permits wip 1 queued 1
expect 09:00 stream wip 1 between 0
10:00 wms started p
12:00 wms done p
expect 12:00 stage energizing wip 0
expect 12:00 stage permits wip 1
15:00 gov granted p
expect 15:00 stage energizing wip 1 queued 1
16:00 ops on p
expect 16:00 stream finished 1 lead_time.mean 8h
expect 16:00 item p visits planning:completed:1h construction:completed:3h permits:completed:6h energizing:completed:1h
