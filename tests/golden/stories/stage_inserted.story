# Between planning and building a review is drawn in while work is under way. What is past keeps its times: who went
# from the one to the other without a review waited for it and then skipped it. Who waits for building waits for the
# review now, as nothing said that building began.
stage planning -> building
stage building -> outcome
rule gis opened  -> planning start    by {subject}
rule gis issued  -> planning complete by {subject}
rule rev passed  -> review   complete by {subject}
rule wms started -> building start    by {subject}
rule wms built   -> building complete by {subject}

day 2026-03-02
08:00 gis opened gone
08:00 gis opened here
08:00 gis opened waits
08:30 gis issued gone
08:40 gis issued here
08:50 gis issued waits
09:00 wms started gone
09:10 wms started here
09:30 wms built gone
09:40 rev passed waits
expect 10:00 stage building wip 2 queued 1 active 1 completed 1 cycle_time.mean 1h
expect 10:00 stream wip 2 started 3 finished 1 lead_time.mean 1h30m
expect 10:00 events applied 9 unmapped 1

from now on
stage planning -> review
stage review   -> building
stage building -> outcome
expect 10:00 item gone visits planning:completed:30m review:skipped:30m building:completed:30m
expect 10:00 item here visits planning:completed:40m review:skipped:30m building:active:50m
expect 10:00 item waits visits planning:completed:50m review:queued:1h10m
expect 10:00 stage planning arrivals 3 completed 3 cycle_time.mean 40m
expect 10:00 stage review arrivals 3 skipped 2 completed 0 wip 1 queued 1
expect 10:00 stage building wip 1 active 1 completed 1 cycle_time.mean 30m
expect 10:00 stream wip 2 started 3 finished 1 lead_time.mean 1h30m
# The new rules act from now on: that a review had passed was not known then, and is told again.
10:00 rev passed waits of 09:40
expect 10:10 item waits visits planning:completed:50m review:completed:50m building:queued:30m
expect 10:10 stage review completed 1 skipped 2 wip 0
