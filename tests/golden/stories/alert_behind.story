# The daemon is behind: what comes in one batch is looked at once, after all of it. Nobody is told of what was over long ago.
stage credit -> outcome
watch credit stall_after 1h
watch credit wip_limit 1
rule crm opened   -> credit start    by {subject}
rule crm approved -> credit complete by {subject}

day 2026-03-02
12:00 crm opened a of 08:00
and crm opened b of 08:10
and crm approved a of 08:20
and crm approved b of 08:40
told 13:00 nothing
expect 13:00 stage credit completed 2 wip 0
# One that did not move is told at once.
13:00 crm opened c of 10:00
and crm opened d of 12:30
and crm approved d of 12:40
told 13:00 firing item_stalled credit count 1 items c observed 3h since 13:00
13:10 crm approved c
told 13:10 resolved item_stalled credit why moved
