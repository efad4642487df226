# Nothing moves for 2 hours: somebody is told, while nothing happens. Each thing that moves the item counts from then.
stage credit -> meter
stage meter  -> outcome
watch credit stall_after 2h
watch stream stall_after 10h
rule crm opened   -> credit start    by so:{subject}
rule crm asked    -> credit suspend  by so:{subject}
rule crm working  -> credit progress by so:{subject}
rule crm approved -> credit complete by so:{subject}
rule mwm fitted   -> meter  complete by so:{subject}

day 2026-03-02
08:00 crm opened 1
told 09:59 nothing
told 10:00 firing item_stalled credit since 10:00 fired 10:00 count 1 items so:1 limit 2h observed 2h severity none
says S credit: 1 item not moved for 2 h 00 m or longer, the longest so:1 for 2 h 00 m; since 10:00 UTC.
ends each of these items moves on, reports progress or is withdrawn
expect 11:00 alert firing item_stalled credit since 10:00 observed 3h
expect 11:00 alerts item_stalled:S/credit
# To wait for somebody moves it, and so does a sign of progress.
11:30 crm asked 1
told 11:30 resolved item_stalled credit why moved of 11:30 count 1
says S credit: over since 11:30 UTC, after 1 h 30 m: the items moved on at 11:30 UTC. It was: 1 item not moved for 2 h 00 m or longer, the longest for 2 h 00 m.
expect 11:30 alerts none
13:00 crm working 1
told 14:59 nothing
told 15:00 firing item_stalled credit count 1
# The next stage has no threshold; of the stream nothing may stand for 10 hours, wherever it is. The stage before was left.
15:10 crm approved 1
told 15:10 resolved item_stalled credit why moved of 15:10
told 2026-03-03T01:09 nothing
told 2026-03-03T01:10 firing item_stalled stream count 1 items so:1 limit 10h
2026-03-03T02:00 withdraw so:1
told 2026-03-03T02:00 resolved item_stalled stream why order
expect 2026-03-03T02:00 past resolved item_stalled stream why order since 2026-03-03T01:10
expect 2026-03-03T02:00 alerts none
