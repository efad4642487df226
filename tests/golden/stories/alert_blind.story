# A share that time alone made good while its source was silent: the alert goes on as long as the source is, and when that
# is heard again it is over, and says by what.
windows 1h
stage credit -> outcome
expected credit within 30m share 90% over 1h min_count 1
source crm silent_after 30m
watch item_overdue severity info
rule crm opened   -> credit start    by {subject}
rule crm approved -> credit complete by {subject}

day 2026-03-02
09:00 start
09:00 crm opened a
09:29 alive crm
told 09:30 firing item_overdue credit
told 09:31 firing sle_missed credit
09:50 alive crm
09:59 crm approved a
told 09:59 resolved item_overdue credit
10:00 crm opened b
10:02 crm approved b
told 10:32 firing source_silent crm
told 10:32 marked sle_missed credit inhibited_by crm
# From 10:59 on the late one is out of the hour: the share is good, and crm silent.
told 11:30 nothing
expect 11:30 alert firing sle_missed credit inhibited_by crm
11:40 alive crm
told 11:40 resolved source_silent crm why heard
told 11:40 resolved sle_missed credit why time
