# An appointment: nothing is expected of the visit before it. It moves nothing, and the newest one holds.
stage design -> meter
stage meter  -> outcome
rule crm opened   -> design start    by {subject}
rule crm ready    -> design complete by {subject}
rule mwm booked   -> meter  values   by {subject} not_before {data.at}
rule crm on_hold  -> item   values   by {subject} not_before {data.at}

day 2026-03-02
08:00 crm opened c
# Booked ahead of the visit: the item is not yet there, and nothing is shown.
08:30 mwm booked c at=2026-03-05T13:00:00Z
expect 08:30 item c not_before none
09:00 crm ready c
expect 09:00 item c not_before meter:2026-03-05T13:00
expect 09:00 stage meter queued 1
# A new appointment, and one that was made before that, but heard of later.
10:00 mwm booked c at=2026-03-04T08:00:00Z
10:30 mwm booked c at=2026-03-09T08:00:00Z of 09:30
expect 10:30 item c not_before meter:2026-03-04T08:00
# The item as a whole.
11:00 crm on_hold c at=2026-04-01T00:00:00Z
expect 11:00 item c not_before meter:2026-03-04T08:00 item:2026-04-01T00:00
