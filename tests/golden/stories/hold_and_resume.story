# The design waits for an easement, goes on, and is done. Waiting is neither queue nor work.
stage planning -> outcome
rule gis opened  -> planning start    by {subject}
rule gis asked   -> planning suspend  by {subject} reason easement
rule gis granted -> planning resume   by {subject}
rule gis issued  -> planning complete by {subject}

day 2026-03-02
08:00 gis opened d
09:00 gis asked d
expect 10:00 stage planning wip 1 suspended 1 active 0
12:00 gis granted d
expect 12:00 stage planning suspended 0 active 1
13:00 gis issued d
expect 13:00 stage planning cycle_time.mean 5h suspended_time.mean 3h active_time.mean 2h flow_efficiency 0.4
expect 13:00 stream flow_efficiency 0.4
13:30 gis asked d
expect 13:30 stage planning redundant 1 wip 0
