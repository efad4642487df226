# The window moves on: what was late leaves it, and the share that is left is good enough. That is told as what it is.
windows 1h
stage planning -> outcome
expected planning within 30m share 90% over 1h min_count 1
watch item_overdue severity info
rule gis opened -> planning start    by {subject}
rule gis issued -> planning complete by {subject}

day 2026-03-02
08:00 gis opened a
told 08:30 firing item_overdue planning items a
told 08:31 firing sle_missed planning count 1 observed 0%
08:59 gis issued a
told 08:59 resolved item_overdue planning
09:00 gis opened b
09:20 gis issued b
told 09:58 nothing
expect 09:58 stage planning window 1h sle 1 attained 0.5 count 2
told 09:59 resolved sle_missed planning why time
says S planning: over since 09:59 UTC, after 1 h 28 m: by time alone: the window moved on. It was: 50.0 % of 2 items within 30 m, where 90 % are expected over 1h.
