# An appointment: until then nobody expects anything, and the clock starts there. Progress starts it again.
stage meter -> outcome
watch meter stall_after 2h
watch stream stall_after 1d
rule mwm booked  -> meter start    by {subject} not_before {data.at}
rule mwm driving -> meter progress by {subject}
rule crm hold    -> item  values   by {subject} not_before {data.at}
rule mwm fitted  -> meter complete by {subject}

day 2026-03-02
08:00 mwm booked a at=2026-03-04T13:00:00Z
told 2026-03-03T07:59 nothing
# The appointment is the meter's: the item as a whole stands still.
told 2026-03-03T08:00 firing item_stalled stream items a
day 2026-03-04
# It would be stalled at 15:00; at 14:30 somebody is on the way.
told 2026-03-04T08:00 repeated item_stalled stream
14:30 mwm driving a
told 14:30 resolved item_stalled stream why moved of 14:30
told 16:29 nothing
told 16:30 firing item_stalled meter items a observed 2h
# Another appointment, heard of while it fires.
16:40 mwm booked a at=2026-03-05T10:00:00Z
told 16:40 resolved item_stalled meter why moved
told 2026-03-05T11:59 nothing
told 2026-03-05T12:00 firing item_stalled meter items a
# The item's own date holds for its visits, too.
day 2026-03-05
12:10 crm hold a at=2026-03-09T08:00:00Z
told 12:10 resolved item_stalled meter why moved
told 2026-03-09T09:59 nothing
told 2026-03-09T10:00 firing item_stalled meter items a
2026-03-09T10:10 mwm fitted a
told 2026-03-09T10:10 resolved item_stalled meter why moved of 2026-03-09T10:10
