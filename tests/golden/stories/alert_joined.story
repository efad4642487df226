# Who joins an alert that fires is announced, at most every 5 minutes; and once a day that it fires still.
stage credit -> outcome
watch credit stall_after 1h
rule crm opened   -> credit start    by {subject}
rule crm approved -> credit complete by {subject}

day 2026-03-02
08:00 crm opened a
08:02 crm opened b
08:03 crm opened c
08:10 crm opened d
08:30 crm opened e
told 09:00 firing item_stalled credit count 1 items a joined none left none
# b and c come to it at 09:02 and 09:03: told together, with who left since.
told 09:04 nothing
09:04 crm approved a
told 09:05 joined item_stalled credit count 2 items b c joined b c left a since 09:00
# d joins when the last announcement is just 5 minutes old.
told 09:10 joined item_stalled credit count 3 joined d left none
# What leaves is no reason to announce anything; it is told with the next one that joins.
09:20 crm approved b
told 09:29 nothing
told 09:30 joined item_stalled credit count 3 items c d e joined e left b
# A day later it is told again, and then each day; nobody joined or left.
told 2026-03-03T09:29 nothing
told 2026-03-03T09:30 repeated item_stalled credit count 3 joined none left none
told 2026-03-04T09:30 repeated item_stalled credit count 3
day 2026-03-04
10:00 crm approved c
and crm approved d
and crm approved e
told 10:00 resolved item_stalled credit why moved of 10:00 count 3 since 2026-03-02T09:00

# Other intervals: those that were counted when they change are taken as told.
10:00 crm opened f
watch item_stalled announce_interval 30m repeat_interval 2h
10:10 crm opened g
10:20 crm opened h
told 11:00 firing item_stalled credit items f
told 11:30 joined item_stalled credit joined g h
told 13:30 repeated item_stalled credit count 3
13:31 crm approved f
and crm approved g
and crm approved h
told 13:31 resolved item_stalled credit
# One that left and came back has joined.
14:00 crm opened i
14:00 crm opened j
told 15:00 firing item_stalled credit count 2
15:01 crm approved j
15:02 crm opened j
told 16:02 joined item_stalled credit count 2 items i j joined j left none
# A configuration announces nothing by itself: those that are counted then are taken as told.
16:03 crm approved i
and crm approved j
told 16:03 resolved item_stalled credit
day 2026-03-05
08:00 crm opened k
08:10 crm opened l
told 09:00 firing item_stalled credit items k
expect 09:15 alert firing item_stalled credit count 2 joined l
watch item_stalled announce_interval 20m
expect 09:16 alert firing item_stalled credit count 2 joined none
told 10:00 nothing
