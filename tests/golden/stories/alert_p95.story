# A threshold that follows from the work itself: twice what 95 of 100 visits take, once 5 of them are known.
windows 24h
stage credit -> outcome
watch credit stall_after p95 x 2
watch item_stalled min_visits 5
rule crm opened   -> credit start    by {subject}
rule crm approved -> credit complete by {subject}

day 2026-03-02
06:00 crm opened slow
# Four visits of 10 minutes are too few to know.
08:00 crm opened a
08:00 crm opened b
08:00 crm opened c
08:00 crm opened d
08:10 crm approved a
08:10 crm approved b
08:10 crm approved c
08:10 crm approved d
08:20 crm opened e
told 08:29 nothing
# With the fifth they are known: at the next whole minute.
08:30 crm approved e
told 08:30 nothing
told 08:31 firing item_stalled credit count 1 items slow observed 2h31m since 08:31
# The threshold of 20 minutes (percentiles are exact within 1 %) holds for what comes, at the instant at which it is reached.
09:00 crm opened f
expect 09:19 alert firing item_stalled credit count 1
expect 09:21 alert firing item_stalled credit count 2 items slow f
told 09:19:59 joined item_stalled credit joined f
09:30 crm approved f
# It took 30 minutes, and so the threshold is an hour from the next whole minute on.
09:31 crm opened g
expect 10:20 alert firing item_stalled credit count 1 items slow
10:21 crm approved slow
told 10:21 resolved item_stalled credit why moved of 10:21
10:22 crm approved g
# slow took 4 h 21 min. Of eight visits it is the slowest: what comes now may take 8 h 42 min.
10:30 crm opened h
told 19:05 nothing
told 19:11:12 firing item_stalled credit items h
