# A silence calls nobody for a time. That of an item takes it out of the counts; that of a stage marks its alerts.
stage credit -> meter
stage meter  -> outcome
watch credit stall_after 1h
watch meter stall_after 1h
rule crm opened   -> credit start    by {subject}
rule crm approved -> credit complete by {subject}
rule mwm fitted   -> meter  complete by {subject}

day 2026-03-02
08:00 crm opened a
08:00 crm opened b
08:30 silence item a for 2h
# a would stall at 9 as well: it is not counted, nor told of.
told 09:00 firing item_stalled credit count 1 items b
09:10 silence item b for 1h
told 09:10 resolved item_stalled credit why order
told 10:09 nothing
# Its end: b counts again, at once; a at 10:30 joins it.
told 10:10 firing item_stalled credit count 1 items b observed 2h10m
told 10:30 joined item_stalled credit count 2 items a b joined a
# A stage: the alert goes on, marked. It is not told to be over by that.
10:40 silence stage credit for 1h
told 10:40 marked item_stalled credit silenced yes count 2
expect 10:40 alert firing item_stalled credit silenced yes
10:50 crm approved a
told 11:39 nothing
told 11:40 marked item_stalled credit silenced none count 1
# A silence of another stage, or of another kind, does not fit.
told 11:50 firing item_stalled meter silenced none
11:55 silence kind stage_stalled for 1h
12:00 silence kind item_stalled stage meter for 1h
told 12:00 marked item_stalled meter silenced yes
expect 12:00 alert firing item_stalled credit silenced none
# Ended by a person, before its time: the fifth of this story.
12:10 unsilence 5
told 12:10 marked item_stalled meter silenced none
12:20 crm approved b
told 12:20 resolved item_stalled credit why moved
told 13:19 nothing
told 13:20 joined item_stalled meter joined b count 2
13:30 mwm fitted a
and mwm fitted b
told 13:30 resolved item_stalled meter why moved
# That of a stage is none of the stream's, and the other way round it is of all its stages.
watch stream stall_after 2h
14:00 crm opened c
14:10 silence stage credit for 4h
told 15:00 firing item_stalled credit silenced yes
told 16:00 firing item_stalled stream silenced none
16:10 silence stream S for 1h
told 16:10 marked item_stalled stream silenced yes
16:20 withdraw c
told 16:20 resolved item_stalled stream why order
told 16:20 resolved item_stalled credit why order
# One item at one stage: at the others, and in the stream, it counts.
19:00 crm opened d
19:00 silence stage meter item d for 5h
told 20:00 firing item_stalled credit items d silenced none
20:10 crm approved d
told 20:10 resolved item_stalled credit why moved
told 22:09 nothing
told 22:10 firing item_stalled stream items d
22:20 withdraw d
told 22:20 resolved item_stalled stream why order
