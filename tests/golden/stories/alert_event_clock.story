# With the event clock time passes by events alone: an alert is told at its own instant, once an event says that it came.
clock event
stage credit -> outcome
watch credit stall_after 1h
rule crm opened   -> credit start    by {subject}
rule crm approved -> credit complete by {subject}

day 2026-03-02
08:00 crm opened a
expect 12:00 alerts none
# It tells of 8:59: an hour has not passed.
12:00 crm opened b of 08:59
expect 12:00 alerts none
12:01 crm opened c of 09:30
told 12:01 firing item_stalled credit since 09:00 fired 09:00 items a observed 1h
expect 12:01 alert firing item_stalled credit count 1 observed 90m
# One of earlier takes no time back.
12:02 crm opened d of 07:00
told 12:02 joined item_stalled credit count 2 items d a joined d
# At 9:59 of the events b joined, and c at 10:30: that is looked at before what happened at that instant.
12:03 crm approved a of 10:30
told 12:03 joined item_stalled credit count 3 joined b
told 12:03 joined item_stalled credit count 4 joined c left none
expect 12:03 alert firing item_stalled credit count 3 items d b c left a
12:04 crm approved b of 10:31
and crm approved c of 10:31
and crm approved d of 10:31
told 12:04 resolved item_stalled credit why moved of 10:31
