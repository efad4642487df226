# An event that comes late proves that the item had moved before anybody was told: the alert ends, and says so.
stage credit -> outcome
watch credit stall_after 1h
rule crm opened   -> credit start    by {subject}
rule crm approved -> credit complete by {subject}

day 2026-03-02
08:00 crm opened a
told 09:00 firing item_stalled credit items a
09:40 crm approved a of 08:50
told 09:40 resolved item_stalled credit why late of 08:50
says S credit: over since 09:40 UTC, after 40 m: a late event told that it had ended at 08:50 UTC, before the alert fired. It was: 1 item not moved for 1 h 00 m or longer, the longest for 1 h 00 m.
# Had it moved after that, it merely moved.
10:00 crm opened b
told 11:00 firing item_stalled credit items b
11:40 crm approved b of 11:10
told 11:40 resolved item_stalled credit why moved of 11:10
# It did move then, but that is too long ago by now: it goes on.
12:00 crm opened c
told 13:00 firing item_stalled credit items c since 13:00
14:00 crm opened c of 12:50
expect 14:00 alert firing item_stalled credit since 13:00 observed 70m
15:00 crm approved c of 13:55
told 15:00 resolved item_stalled credit why moved of 13:55
