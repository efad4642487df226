# A share that was missed and then rests on too few is still missed: no visits are no recovery.
windows 1h
stage planning -> outcome
expected planning within 30m share 80% over 1h min_count 2
watch item_overdue severity info
rule gis opened -> planning start    by {subject}
rule gis issued -> planning complete by {subject}

day 2026-03-02
08:00 gis opened a
08:00 gis opened b
08:00 gis opened c
told 08:30 firing item_overdue planning items a b c
told 08:31 firing sle_missed planning count 3 observed 0% limit 80%
08:40 gis issued a
and gis issued b
and gis issued c
told 08:40 resolved item_overdue planning
# From 09:41 on there is nothing in the hour.
told 12:00 nothing
expect 12:00 alert firing sle_missed planning since 08:31
# One alone is too few to say that it is better.
12:00 gis opened d
12:10 gis issued d
told 12:30 nothing
expect 12:30 alert firing sle_missed planning since 08:31
12:30 gis opened e
12:40 gis issued e
told 12:40 nothing
told 12:41 resolved sle_missed planning why moved
