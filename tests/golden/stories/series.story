# The flow over time: what came, what left, what was in progress at the end, and how long that had taken, an hour at a
# time. Each item is repaired and then tested.
stage repair -> test
stage test -> outcome
rule desk opened  -> repair start    by {subject}
rule desk fixed   -> repair complete by {subject}
rule lab  tested  -> test   complete by {subject}
rule desk dropped -> item withdraw   by {subject}

day 2026-03-02
08:00 desk opened i1
08:10 desk opened i2
08:50 desk fixed i1
09:00 lab tested i1
09:15 desk opened i3
09:40 desk fixed i2
# From 08:00 on two came and one left after 50 minutes; at 09:00 i2 was still there. What happens at 09:00 is of the
# next hour.
expect 10:00 series 08:00-09:00 stage repair arrivals 2 departures 1 completed 1 wip 1 cycle_time_p50 50m
expect 10:00 series 08:00-09:00 stage test arrivals 1 departures 0 wip 1 cycle_time_count 0
expect 10:00 series 08:00-09:00 stream arrivals 2 departures 0 wip 2
# i2 took 90 minutes; i3 is in repair, i2 waits for its test.
expect 10:00 series 09:00-10:00 stage repair arrivals 1 departures 1 wip 1 cycle_time_p50 1h30m
expect 10:00 series 09:00-10:00 stage test arrivals 1 departures 1 wip 1 cycle_time_p50 10m
expect 10:00 series 09:00-10:00 stream arrivals 1 departures 1 completed 1 wip 2 cycle_time_p50 1h
# Two of an hour together: the median of 50 and 90 minutes is the lesser, their mean 70.
expect 10:00 series 08:00-10:00 stage repair arrivals 3 departures 2 wip 1 cycle_time_p50 50m cycle_time_mean 1h10m
# Withdrawn is departed, not completed, and has no cycle time.
10:20 desk dropped i3
expect 10:30 series 10:00-11:00 stage repair arrivals 0 departures 1 completed 0 wip 0 cycle_time_count 0
expect 10:30 series 10:00-11:00 stream departures 1 completed 0 wip 1
# Late news changes the hour that it tells of: i2 had been fixed at 08:40 already, so it was 30 minutes in repair, and
# its later word for it is one more complete that tells nothing new.
10:40 desk fixed i2 of 08:40
expect 10:45 series 08:00-09:00 stage repair arrivals 2 departures 2 wip 0 cycle_time_p50 30m cycle_time_mean 40m
expect 10:45 series 09:00-10:00 stage repair arrivals 1 departures 0 wip 1 cycle_time_count 0
expect 10:45 series 08:00-09:00 stage test arrivals 2 departures 0 wip 2
# A day of 400 days ago and more is not kept: no pane of it is drawn. What is in progress since then still is known.
day 2027-04-10
08:00 desk opened i4
expect 08:00 series 00:00-08:15 stream arrivals 1 wip 2
