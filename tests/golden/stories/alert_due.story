# A date that the systems gave. It is past a moment after it, not at it; a stage's is its visits', the item's its own.
stage credit -> meter
stage meter  -> outcome
watch credit stall_after 30d
rule crm opened   -> credit start    by {subject} due {data.due}
rule crm approved -> credit complete by {subject}
rule crm promised -> item   values   by {subject} due {data.due}
rule mwm fitted   -> meter  complete by {subject}

day 2026-03-02
08:00 crm opened a due=2026-03-02T12:00:00Z
08:00 crm opened b due=2026-03-02T12:30:00Z
08:00 crm opened c
08:00 crm promised a due=2026-03-02T18:00:00Z
told 11:59 nothing
told 12:00 firing item_overdue credit count 1 items a limit 0 observed 0s
says S credit: 1 item past the date, the latest a by less than 1 s; since 12:00 UTC.
expect 12:10 alert firing item_overdue credit observed 10m
says S credit: 1 item past the date, the latest a by 10 m; since 12:00 UTC.
ends each of these items leaves the stage or is withdrawn
# b joins.
told 12:30 joined item_overdue credit count 2 items a b joined b
# Another date for b: the newest that was said holds.
12:40 crm opened b due=2026-03-02T16:00:00Z
expect 12:40 alert firing item_overdue credit count 1 items a
13:00 crm approved a
told 13:00 resolved item_overdue credit why moved
told 16:00 firing item_overdue credit items b
16:10 crm approved b
told 16:10 resolved item_overdue credit why moved
# The date of the item, wherever it is.
told 18:00 firing item_overdue stream items a
18:30 mwm fitted a
told 18:30 resolved item_overdue stream why moved
told 2026-03-03T08:00 nothing
# At the very instant of its date it is looked at, as another one leaves: it is not past it yet.
day 2026-03-03
09:00 crm opened d due=2026-03-03T09:30:00Z
09:00 crm opened e due=2026-03-03T10:00:00Z
told 09:30 firing item_overdue credit items d
10:00 crm approved d
told 10:00 resolved item_overdue credit why moved
told 10:00 firing item_overdue credit items e
