# The clock was wrong, and is right now: a person accepts the jump. Then a day has passed, at once, for all that waits.
stage credit -> outcome
source crm silent_after 3h
watch credit stall_after 2d
rule crm opened   -> credit start    by {subject}
rule crm approved -> credit complete by {subject}

day 2026-03-02
07:50 start
08:00 crm opened a
09:00 clock jumps 1d ahead
told 09:59 nothing
10:00 clock accept
# By the clock it is the 3rd of March. In the day that was left out nobody
# could be heard: silence is counted from here on.
day 2026-03-03
expect 10:00 alerts none
told 12:59 nothing
told 13:00 firing source_silent crm since 13:00
13:02 alive crm
told 13:02 resolved source_silent crm
# Set back a day and accepted: now never goes back, so it stands still until the clock has come so far again.
13:30 clock jumps 1d back
13:30 clock accept
day 2026-03-02
14:00 crm opened b
expect 14:00 alerts none
day 2026-03-03
told 13:29 nothing
13:40 crm approved b
expect 13:40 stage credit completed 1 wip 1
