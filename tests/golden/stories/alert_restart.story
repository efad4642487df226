# No daemon runs from 10 to 18 o'clock. What came to hold meanwhile fires once, when the sources were heard that
# could say that it is not so; what is over is told as resolved; what fired goes on.
stage credit -> meter
stage meter  -> outcome
source crm silent_after 1h
source mwm silent_after 1h
watch credit stall_after 3h
watch meter stall_after 3h
rule crm opened   -> credit start    by {subject}
rule crm approved -> credit complete by {subject}
rule mwm fitted   -> meter  complete by {subject}

day 2026-03-02
06:00 start
06:00 alive mwm
06:00 crm opened a
06:30 crm opened b
06:50 alive crm
06:50 alive mwm
07:40 alive crm
07:40 alive mwm
07:50 crm approved b
08:30 crm opened c
08:30 crm opened d
08:30 alive mwm
# a fires; c and d join it at 11:30, b would stall at 10:50: that is when nobody looks.
told 09:00 firing item_stalled credit items a
09:20 alive crm
09:20 alive mwm
10:00 stop
18:00 start
# What fired goes on firing. Whether c and d joined is not known yet, and not told.
told 18:00 pending item_stalled meter count 1 items b since 10:50
expect 18:00 alert pending item_stalled meter count 1
expect 18:00 alert firing item_stalled credit count 3 items a c d
# crm tells what it has: c and d were gone. mwm was not heard yet, and may say that b and c are long done.
18:05 crm approved c of 09:50
and crm approved d of 09:55
told 18:10 nothing
18:10 mwm fitted b of 10:30
and mwm fitted d of 11:00
told 18:10 firing item_stalled meter count 1 items c since 10:50 fired 18:10
18:20 crm approved a of 12:00
told 18:20 resolved item_stalled credit why moved of 12:00 since 09:00
told 18:20 joined item_stalled meter items c a joined a
18:30 mwm fitted a
and mwm fitted c of 18:09
told 18:30 resolved item_stalled meter why moved of 18:30
# Nobody ran for three days: what fires is told again once, not for each of them.
18:40 crm opened e
18:41 alive mwm
told 19:40 firing source_silent crm
told 19:41 firing source_silent mwm
told 21:40 firing item_stalled credit items e inhibited_by crm
22:00 stop
2026-03-05T22:10 start
told 2026-03-05T22:10 repeated source_silent crm
told 2026-03-05T22:10 repeated source_silent mwm
told 2026-03-05T22:10 repeated item_stalled credit items e
told 2026-03-06T22:09 nothing
