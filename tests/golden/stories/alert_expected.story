# Without a date: older than the expectation allows. And with `sle_missed` the share that was promised, by whole minutes.
windows 2h
stage planning -> outcome
expected planning within 1h share 50% over 2h min_count 3
watch sle_missed severity critical
rule gis opened -> planning start    by {subject}
rule gis issued -> planning complete by {subject}

day 2026-03-02
08:00 gis opened a
told 08:59 nothing
told 09:00 firing item_overdue planning count 1 items a limit 1h observed 1h
says S planning: 1 item older than expected within 1 h 00 m, the oldest a for 1 h 00 m; since 09:00 UTC.
# One of three is too few that are told of, whatever their share is.
09:10 gis issued a
told 09:10 resolved item_overdue planning why moved
09:10 gis opened b
09:15 gis opened c
09:15 gis opened d
09:20 gis issued b
told 10:14 nothing
# c and d are too old now: 1 of 4 in time. It is told at the next whole minute.
told 10:15 firing item_overdue planning count 2 items c d
told 10:16 firing sle_missed planning count 4 limit 50% observed 25% severity critical
says S planning: 25.0 % of 4 items within 1 h 00 m, where 50 % are expected over 2h; since 10:16 UTC.
ends 50 % or more are in time
10:20 gis opened e
10:20 gis issued c
10:20 gis issued d
told 10:20 resolved item_overdue planning why moved
10:30 gis issued e
# 2 of 5: still missed. f makes it 3 of 6.
told 10:39 nothing
10:39 gis opened f
10:40 gis issued f
told 10:40 nothing
told 10:41 resolved sle_missed planning why moved
