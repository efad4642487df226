# The computer's clock is set a day ahead, and later a day back. The daemon does not follow: time went on by itself.
stage credit -> outcome
source crm silent_after 3h
watch credit stall_after 2h
watch credit stage_stall_after 12h
rule crm opened   -> credit start    by {subject}
rule crm approved -> credit complete by {subject}

day 2026-03-02
07:50 start
08:00 crm opened a
08:30 clock jumps 1d ahead
told 09:59 nothing
told 10:00 firing item_stalled credit items a observed 2h
10:10 crm approved a
told 10:10 resolved item_stalled credit why moved of 10:10 since 10:00
# It is set right, which is no jump back for who did not follow.
10:20 clock jumps 1d back
10:30 crm opened b
11:00 clock jumps 1d back
told 12:29 nothing
told 12:30 firing item_stalled credit items b since 12:30 observed 2h
12:40 crm approved b
told 12:40 resolved item_stalled credit why moved of 12:40
12:50 clock jumps 1d ahead
# The source is silent for as long as it really is.
told 15:39 nothing
told 15:40 firing source_silent crm observed 3h blinds credit
15:45 alive crm
told 15:45 resolved source_silent crm why heard
