# A stage vanishes with work in it, and later returns. Its transitions
# sleep meanwhile, with the reason for which somebody waited.
windows 1h
stage intake  -> permits
stage permits -> building
stage building -> outcome
rule crm opened   -> intake   start    by {subject}
rule crm done     -> intake   complete by {subject}
rule gov asked    -> permits  suspend  by {subject} reason easement party third-party
rule gov granted  -> permits  resume   by {subject}
rule gov filed    -> permits  complete by {subject}
rule wms started  -> building start    by {subject}

day 2026-03-02
08:00 crm opened 1
08:30 crm done 1
09:00 gov asked 1
expect 09:30 item 1 visits intake:completed:30m permits:suspended:1h
expect 09:30 stage permits wip 1 suspended 1
expect 09:30 stage permits waits third-party easement wip 1 count 0 seconds 0s

from now on
stage intake  -> building
stage building -> outcome
expect 09:30 item 1 visits intake:completed:30m building:queued:1h
expect 09:30 stage building wip 1 queued 1 arrivals 1
expect 09:30 stream wip 1 started 1
# Nobody knows of permits now: these are unmapped, and never come back.
09:40 gov granted 1
expect 09:40 events applied 3 unmapped 1
10:00 wms started 1
expect 10:00 item 1 visits intake:completed:30m building:active:1h30m

# The permits return with what was said of them; the building was entered from there.
from now on
stage intake  -> permits
stage permits -> building
stage building -> outcome
expect 10:30 item 1 visits intake:completed:30m permits:completed:1h30m:implied building:active:30m
expect 10:30 stage permits completed 1 implied 1 wip 0
expect 10:30 stage permits waits third-party easement wip 0 count 1 seconds 1h
expect 10:30 stage permits window 1h completed 1
expect 10:30 stage building wip 1 active 1

# Under another name it keeps all of that.
from now on
stage intake   -> approval
stage approval was permits -> building
stage building -> outcome
expect 10:30 item 1 visits intake:completed:30m approval:completed:1h30m:implied building:active:30m
expect 10:30 stage approval waits third-party easement wip 0 count 1 seconds 1h
10:40 gov filed 1 of 09:50
expect 10:40 item 1 visits intake:completed:30m approval:completed:1h20m building:active:50m
