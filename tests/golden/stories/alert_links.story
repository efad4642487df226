# Two that turn out to be one: it goes on as one of them, and the other left. What the one did moves the other.
stage credit -> meter
stage meter  -> outcome
watch credit stall_after 1h
rule crm opened   -> credit start    by so:{subject}
rule crm ordered  -> item   links    by so:{subject} link dsn:{data.dsn}
rule dsn opened   -> credit start    by dsn:{subject}
rule dsn approved -> credit complete by dsn:{subject}
rule mwm fitted   -> meter  complete by so:{subject}

day 2026-03-02
08:00 crm opened 1
08:10 dsn opened 77
08:20 crm opened 2
told 09:00 firing item_stalled credit items so:1
told 09:10 joined item_stalled credit items so:1 dsn:77 joined dsn:77
told 09:20 joined item_stalled credit joined so:2 count 3
09:30 crm ordered 1 dsn=77
expect 09:30 alert firing item_stalled credit count 2 items so:1 so:2
told 09:40 nothing
# dsn says that it is done, and means so:1.
09:40 dsn approved 77
expect 09:40 alert firing item_stalled credit count 1 items so:2
# Linked to one that was done before anybody was told: what it waited for had come.
10:00 dsn opened 88 of 09:00
and dsn approved 88 of 09:10
10:02 crm ordered 2 dsn=88
told 10:02 resolved item_stalled credit why moved of 09:10
