# The fork itself never says that it is done. One arm begins: the fork is over, and the other arm waits too.
stage planning     -> construction and permits
stage construction -> energizing
stage permits      -> energizing
stage energizing   -> outcome
rule gis opened  -> planning     start    by {subject}
rule gis issued  -> planning     complete by {subject}
rule wms started -> construction start    by {subject}
rule ops begun   -> energizing   start    by {subject}

day 2026-03-02
08:00 gis opened p
09:00 wms started p
expect 09:00 item p visits planning:completed:1h:implied construction:active:0s permits:queued:0s
09:30 gis issued p
expect 09:30 item p visits planning:completed:1h construction:active:30m permits:queued:30m
10:00 ops begun p
# Energizing starts all the same: permits, which nobody confirmed, were skipped.
expect 10:00 item p visits planning:completed:1h construction:completed:1h:implied permits:skipped:1h energizing:active:0s
