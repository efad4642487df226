# The office works from 8 to 17, Monday to Friday. Its nights, weekends and holidays do not count; the meter's do.
calendar office mon-fri 08:00-17:00 holiday 2026-03-09
stage credit -> meter
stage meter  -> outcome
measure stream calendar office
measure meter calendar none
source crm silent_after 2h calendar office
watch credit stall_after 9h
watch meter stall_after 9h
watch credit stage_stall_after 18h
rule crm opened   -> credit start    by {subject}
rule crm approved -> credit complete by {subject}
rule mwm fitted   -> meter  complete by {subject}

# A Friday, 15 o'clock: 2 h of Friday, Monday is a holiday, 7 h of Tuesday.
day 2026-03-06
14:00 start
15:00 crm opened a
16:30 alive crm
told 2026-03-09T23:00 nothing
# Half an hour of Friday, one and a half of Tuesday: the source is silent at 9:30.
told 2026-03-10T09:30 firing source_silent crm observed 2h limit 2h
day 2026-03-10
10:00 alive crm
told 10:00 resolved source_silent crm why heard
11:59 alive crm
13:58 alive crm
told 14:59 nothing
told 15:00 firing item_stalled credit items a observed 9h limit 9h
says S credit: 1 item not moved for 1 wd or longer, the longest a for 1 wd; since 15:00 UTC.
15:10 crm approved a
told 15:10 resolved item_stalled credit why moved
15:10 crm opened b
17:00 alive crm
# The meter of a goes by all hours: 9 h from 15:10 on.
told 2026-03-11T00:09 nothing
told 2026-03-11T00:10 firing item_stalled meter items a
day 2026-03-11
00:20 mwm fitted a
told 00:20 resolved item_stalled meter why moved
# Nothing left credit for 18 working hours, since a did on Tuesday: 1 h 50 min, 9 h, 7 h 10 min.
09:00 alive crm
10:59 alive crm
12:58 alive crm
14:57 alive crm
told 15:09 nothing
told 15:10 firing item_stalled credit items b
16:56 alive crm
day 2026-03-12
09:00 alive crm
10:59 alive crm
12:58 alive crm
14:57 alive crm
told 15:09 nothing
told 15:10 repeated item_stalled credit items b
told 15:10 firing stage_stalled credit count 1 items b observed 18h
15:20 crm approved b
told 15:20 resolved item_stalled credit
told 15:20 resolved stage_stalled credit why moved of 15:20
