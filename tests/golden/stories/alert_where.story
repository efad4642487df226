# Several thresholds: of each item the first that fits it holds. And the most severe alert stands first.
segments kind
stage survey -> outcome
watch survey stall_after 4h where kind=bridge,tunnel
watch survey stall_after 1h where kind=pole
watch survey stall_after 2h
watch survey wip_limit 3
watch wip_limit severity error
rule gis opened -> survey start    by {subject}
rule gis issued -> survey complete by {subject}

day 2026-03-02
08:00 gis opened b kind=bridge
08:00 gis opened p kind=pole
08:00 gis opened x
told 08:59 nothing
told 09:00 firing item_stalled survey items p limit 1h
told 10:00 joined item_stalled survey items p x joined x
# It is told by the rule of the one that is the longest over its own.
expect 10:00 alert firing item_stalled survey limit 1h observed 2h count 2
# It turns out to be a bridge: nothing is stalled about it yet.
10:10 gis opened p kind=tunnel
expect 10:10 alert firing item_stalled survey count 1 items x limit 2h
told 11:59 nothing
told 12:00 joined item_stalled survey items x b joined b left p
# The most severe first.
12:10 gis opened y kind=pole
told 12:10 firing wip_limit survey count 4 severity error
expect 12:10 alerts wip_limit:S/survey item_stalled:S/survey
told 13:10 joined item_stalled survey items x b y joined y
13:20 gis issued y
told 13:20 resolved wip_limit survey
