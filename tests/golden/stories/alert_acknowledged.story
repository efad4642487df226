# Somebody sees to it: that covers who is counted then. Who joins later is told, and counted. It ends with the alert.
stage credit -> outcome
watch credit stall_after 1h
rule crm opened   -> credit start    by {subject}
rule crm approved -> credit complete by {subject}

day 2026-03-02
08:00 crm opened a
08:00 crm opened b
08:30 crm opened c
told 09:00 firing item_stalled credit count 2 items a b acknowledged none
09:10 ack item_stalled credit
told 09:10 marked item_stalled credit acknowledged yes unacknowledged 0
told 09:30 joined item_stalled credit count 3 joined c acknowledged yes unacknowledged 1
# One that was covered leaves and comes back: it is a new thing to see to.
09:40 crm approved a
09:50 crm opened a
told 10:50 joined item_stalled credit count 3 unacknowledged 2 joined a left none
# Acknowledged again: all that stand there now.
11:00 ack item_stalled credit
told 11:00 marked item_stalled credit unacknowledged 0 count 3
11:10 crm approved a
and crm approved b
and crm approved c
told 11:10 resolved item_stalled credit why moved acknowledged yes
11:20 crm opened d
told 12:20 firing item_stalled credit acknowledged none unacknowledged 0
expect 12:20 past resolved item_stalled credit why moved since 09:00
12:30 crm approved d
told 12:30 resolved item_stalled credit
