# A stage stands still: something is there to do, and nothing leaves for 2 hours.
stage credit -> meter
stage meter  -> outcome
watch credit stage_stall_after 2h
rule crm opened   -> credit start    by {subject}
rule crm asked    -> credit suspend  by {subject}
rule crm answered -> credit resume   by {subject}
rule crm approved -> credit complete by {subject}

day 2026-03-02
06:00 crm opened a
# Counted from the entry of the oldest, as nothing left yet; then from the last that left.
07:00 crm opened b
07:30 crm approved b
told 09:29 nothing
told 09:30 firing stage_stalled credit count 1 items a limit 2h observed 2h
expect 10:00 alert firing stage_stalled credit observed 2h30m
says S credit: nothing has left for 2 h 30 m (limit 2 h 00 m), 1 item waiting, the oldest a for 4 h 00 m; since 09:30 UTC.
# It waits for somebody else: there is nothing to do here.
10:00 crm asked a
told 10:00 resolved stage_stalled credit why moved of none
told 13:59 nothing
# There is again, and nothing left since 07:30.
14:00 crm answered a
told 14:00 firing stage_stalled credit items a observed 6h30m
# One that left, as was heard late, before the alert fired and 2 hours ago at most.
14:10 crm opened c of 12:00
14:20 crm approved c of 13:00
told 14:20 resolved stage_stalled credit why late of 13:00
told 14:59 nothing
told 15:00 firing stage_stalled credit observed 2h
15:10 withdraw a
told 15:10 resolved stage_stalled credit why order
told 20:00 nothing
# New work, after a long time without any: from its entry.
20:00 crm opened d
told 21:59 nothing
told 22:00 firing stage_stalled credit items d observed 2h
22:10 crm approved d
told 22:10 resolved stage_stalled credit why moved of 22:10
