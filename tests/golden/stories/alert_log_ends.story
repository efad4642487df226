# With the event clock shares and relative thresholds are looked at at whole minutes of the events, and none may come
# after the last event. Once nothing more comes, or somebody asks, they are looked at as the events left them.
clock event
windows 24h
stage credit -> outcome
expected credit within 1h share 60% over 24h min_count 2
watch credit stall_after p50 x 2
watch item_overdue severity info announce_interval 24h
watch item_stalled min_visits 2 announce_interval 24h
rule crm opened   -> credit start    by {subject}
rule crm approved -> credit complete by {subject}
rule crm noted ignore

day 2026-03-02
08:00:00 crm opened a
08:00:00 crm opened b
08:10:00 crm approved a
08:20:00 crm opened c
08:20:30 crm opened d
# The log ends within the minute in which a second visit is known: a threshold of twice 10 minutes, which b is past.
08:30:20 crm approved c
expect 08:30:20 alerts none
08:30:20 quiet
told 08:30:20 firing item_stalled credit items b since 08:30:20
# It was looked at, and nothing came since.
08:30:30 quiet
# It goes on, with something that moves nothing but time. At 9:20 two of three were in time; since then d is too old as well.
09:20:40 crm noted x
told 09:20:40 firing item_overdue credit items b since 09:00
expect 09:20:40 alerts item_stalled:S/credit item_overdue:S/credit
09:20:40 quiet
told 09:20:40 firing sle_missed credit count 4 observed 50% since 09:20:40
09:21:10 crm noted y
expect 09:21:10 alerts item_stalled:S/credit sle_missed:S/credit item_overdue:S/credit
