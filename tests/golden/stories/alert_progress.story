# Who says that work goes on is not stalled; progress of one stage is none of another's. The newest that was said counts.
stage design -> build
stage build  -> outcome
watch build stall_after 3h
watch stream stall_after 6h
rule gis drawn    -> design complete by {subject}
rule gis opened   -> design start    by {subject}
rule gis looked   -> design progress by {subject}
rule mwm digging  -> build  progress by {subject}
rule mwm built    -> build  complete by {subject}

day 2026-03-02
06:00 gis opened a
08:00 gis drawn a
09:00 mwm digging a
# An older one that comes late takes nothing back.
09:30 mwm digging a of 08:20
10:00 gis looked a
told 11:59 nothing
told 12:00 firing item_stalled build items a observed 3h
# Progress of another stage moves the item, and not its visit here.
13:00 gis looked a
told 14:00 nothing
# It was heard late that the work went on: from 11:30 it counts, and it did not stall when it was told.
14:00 mwm digging a of 11:30
told 14:00 resolved item_stalled build why late of 11:30
told 14:29 nothing
told 14:30 firing item_stalled build items a
15:00 mwm built a
told 15:00 resolved item_stalled build why moved of 15:00
told 2026-03-03T12:00 nothing
