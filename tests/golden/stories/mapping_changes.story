# The stream is drawn anew while work is under way: a stage between the two, another name for the first, and one that
# is gone. All that is held is told again under the new drawing.
stage planning -> permits
stage permits  -> building
stage building -> outcome
rule gis opened  -> planning start    by {subject}
rule gis issued  -> planning complete by {subject}
rule gov filed   -> permits  start    by {subject}
rule wms started -> building start    by {subject}

day 2026-03-02
08:00 gis opened p
09:00 gis issued p
09:30 gov filed p
10:00 wms started p
expect 10:00 item p visits planning:completed:1h permits:completed:1h:implied building:active:0s

from now on
stage design was planning -> review
stage review   -> building
stage building -> outcome
# The permits sleep; the review that now lies on the way was waited for and skipped.
expect 11:00 item p visits design:completed:1h review:skipped:1h building:active:1h
expect 11:00 stage design completed 1 arrivals 1 wip 0
expect 11:00 stage review skipped 1
12:00 gis opened q
expect 12:00 stage design wip 1 active 1

from now on
stage design   -> permits
stage permits  -> building
stage building -> outcome
# They wake.
expect 13:00 item p visits design:completed:1h permits:completed:1h:implied building:active:3h
expect 13:00 stage design wip 1 completed 1
expect 13:00 stream started 2 wip 2
