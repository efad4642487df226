# crm is silent. Alerts of the stages that it feeds say so, and do not end by time alone: no news is not good news.
windows 1h
stage credit -> meter
stage meter  -> outcome
expected credit within 30m share 90% over 1h min_count 1
source crm silent_after 30m
source mwm silent_after 4h
watch meter wip_limit 5
watch credit wip_limit 1
rule crm opened   -> credit start    by {subject}
rule crm approved -> credit complete by {subject}
rule ops opened   -> credit start    by {subject}
rule ops approved -> credit complete by {subject}
rule mwm fitted   -> meter  complete by {subject}

day 2026-03-02
09:00 start
09:00 alive mwm
09:00 crm opened a
09:29 alive crm
told 09:30 firing item_overdue credit items a
told 09:31 firing sle_missed credit observed 0% count 1
09:50 alive crm
09:59 crm approved a
told 09:59 resolved item_overdue credit why moved of 09:59
# One of two in time is not enough.
10:00 crm opened c
10:02 crm approved c
told 10:31 nothing
told 10:32 firing source_silent crm limit 30m observed 30m blinds credit
told 10:32 marked sle_missed credit inhibited_by crm since 09:31
says S credit: 50.0 % of 2 items within 30 m, where 90 % are expected over 1h; since 09:31 UTC. Perhaps the news is missing: source crm silent since 10:32 UTC.
ends 90 % or more are in time; not by time alone (source crm silent since 10:32 UTC)
# At 11 o'clock the one that was late leaves the window, and all that is left was in time: by time alone, no recovery.
told 10:59 nothing
expect 11:01 stage credit window 1h sle 1 attained 1 count 1
told 11:59 nothing
expect 11:59 alert firing sle_missed credit inhibited_by crm since 09:31
expect 11:59 alert firing source_silent crm observed 1h57m
says source crm: nothing heard for 1 h 57 m (limit 30 m); since 10:32 UTC.
# ops works there, too. By what it says the share is another one, and good: that is news, and ends the alert.
12:20 ops opened d of 12:05
12:20 ops approved d
told 12:20 nothing
told 12:21 resolved sle_missed credit why moved
expect 12:21 alerts source_silent:crm
12:30 alive crm
told 12:30 resolved source_silent crm why heard
