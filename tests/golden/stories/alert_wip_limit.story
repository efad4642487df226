# More than 2 at once, for 10 minutes: a batch that comes and goes stays quiet. And it is over when it was so for 5 minutes.
stage credit -> outcome
watch credit wip_limit 2
watch wip_limit for 10m keep_firing_for 5m severity info
rule crm opened   -> credit start    by {subject}
rule crm asked    -> credit suspend  by {subject}
rule crm approved -> credit complete by {subject}

day 2026-03-02
08:00 crm opened a
08:01 crm opened b
told 08:02 nothing
08:02 crm opened c
told 08:02 pending wip_limit credit since 08:02 count 3 limit 2 severity info
says S credit: 3 items at once (limit 2), the oldest a for 2 m 00 s; since 08:02 UTC.
08:11 crm approved a
told 08:11 dropped wip_limit credit why moved
# Also what waits for somebody is there.
08:20 crm opened d
08:21 crm asked d
told 08:20 pending wip_limit credit since 08:20 count 3
told 08:29 nothing
told 08:30 firing wip_limit credit since 08:20 fired 08:30 count 3 items b c d
# Fewer for 4 minutes: it goes on. Each time from the beginning.
08:40 crm approved b
08:44 crm opened e
told 08:50 nothing
08:50 crm approved c
expect 08:52 alert firing wip_limit credit since 08:20
told 08:54 nothing
told 08:55 resolved wip_limit credit since 08:20 why moved
expect 08:55 past resolved wip_limit credit why moved
# Another limit in the configuration.
watch credit nothing
watch credit wip_limit 1
told 08:55 pending wip_limit credit limit 1 count 2
expect 09:00 alert pending wip_limit credit since 08:55
watch credit nothing
told 09:00 dropped wip_limit credit why rule
