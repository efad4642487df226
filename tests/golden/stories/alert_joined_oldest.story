# Of more than ten who joined the ten whose first transition is the oldest are named, whenever they were heard of.
stage credit -> outcome
watch credit stall_after 1h
watch item_stalled announce_interval 30m
rule crm opened -> credit start by {subject}

day 2026-03-02
08:00 crm opened k
told 09:00 firing item_stalled credit items k
09:10 crm opened a of 08:23
09:11 crm opened b of 08:22
09:12 crm opened c of 08:21
09:13 crm opened d of 08:20
09:14 crm opened e of 08:19
09:15 crm opened f of 08:18
09:16 crm opened g of 08:17
09:17 crm opened h of 08:16
09:18 crm opened l of 08:15
09:19 crm opened m of 08:14
09:20 crm opened n of 08:13
09:21 crm opened o of 08:12
told 09:30 joined item_stalled credit count 13 joined c d e f g h l m n o left none
