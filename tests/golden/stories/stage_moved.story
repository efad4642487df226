# The order of two stages is drawn the other way round. The same events now tell of work that was painted before it was
# tested, though the test comes first: it passed the test by, and was sent back. That is no rework: a
# visit that was skipped is none that was made.
stage build -> paint
stage paint -> test
stage test  -> outcome
rule mes opened  -> build start    by {subject}
rule mes built   -> build complete by {subject}
rule mes begun   -> paint start    by {subject}
rule mes painted -> paint complete by {subject}
rule lab begun   -> test  start    by {subject}
rule lab passed  -> test  complete by {subject}

day 2026-03-02
08:00 mes opened old
09:00 mes built old
09:30 mes begun old
10:00 mes painted old
10:30 lab begun old
expect 11:00 item old open
expect 11:00 item old visits build:completed:1h paint:completed:1h test:active:1h
expect 11:00 stage test wip 1 rework 0

from now on
stage build -> test
stage test  -> paint
stage paint -> outcome
# With paint done the drawing's end was reached at 10:00; the test that began later opened the item again.
expect 11:00 item old open
expect 11:00 item old visits build:completed:1h test:skipped:30m paint:completed:30m test:active:30m
expect 11:00 stage test wip 1 active 1 skipped 1 rework 0 arrivals 2
expect 11:00 stage paint wip 0 completed 1 cycle_time.mean 30m
expect 11:00 stream wip 1 started 1 finished 1 reopened 1 lead_time.count 1 lead_time.mean 2h
11:10 lab passed old
expect 11:10 item old visits build:completed:1h test:skipped:30m paint:completed:30m test:completed:40m paint:queued:0s:rework

# Drawn back, everything is as it would have been.
from now on
stage build -> paint
stage paint -> test
stage test  -> outcome
expect 11:10 item old finished
expect 11:10 item old visits build:completed:1h paint:completed:1h test:completed:1h10m
expect 11:10 stage test completed 1 rework 0 skipped 0 wip 0
expect 11:10 stream wip 0 finished 1 reopened 0 lead_time.mean 3h10m
