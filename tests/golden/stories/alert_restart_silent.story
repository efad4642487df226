# After a start a source stays silent: after its time it is told, and then what waited for it, too.
stage credit -> outcome
source crm silent_after 1h
watch credit stall_after 3h
rule crm opened   -> credit start    by {subject}
rule crm approved -> credit complete by {subject}

day 2026-03-02
06:00 start
06:00 crm opened a
06:30 stop
18:00 start
told 18:00 pending item_stalled credit since 09:00 items a
told 18:59 nothing
told 19:00 firing source_silent crm since 19:00 limit 1h observed 13h
told 19:00 firing item_stalled credit since 09:00 fired 19:00 inhibited_by crm
# A silence that fires goes on, over a start, until the source is heard.
19:30 stop
20:00 start
expect 20:00 alert firing source_silent crm since 19:00
told 20:10 nothing
20:10 alive crm
told 20:10 resolved source_silent crm why heard
told 20:10 marked item_stalled credit inhibited_by none
20:20 crm approved a
told 20:20 resolved item_stalled credit why moved of 20:20
expect 20:20 past resolved source_silent crm why heard since 19:00
