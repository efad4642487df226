# Numbers are missing: events were lost on the way. It ends when they come, or when a person says that they will not.
stage credit -> outcome
source crm
watch source_gap for 10m
rule crm opened   -> credit start    by {subject}
rule crm approved -> credit complete by {subject}

day 2026-03-02
08:00 crm opened a number 1
08:01 crm opened b number 2
08:02 crm opened c number 6
told 08:02 pending source_gap crm count 3 since 08:02
# They come, out of order: nobody is told.
08:05 crm opened d number 4
08:06 crm opened e number 3
08:07 crm opened f number 5
told 08:07 dropped source_gap crm why heard
08:10 crm opened g number 9
told 08:10 pending source_gap crm count 2
told 08:19 nothing
told 08:20 firing source_gap crm count 2 since 08:10 observed 2
says source crm: 2 sequence numbers missing; since 08:10 UTC.
ends the missing ones come, or are given up: vsm ack --lost crm
08:30 lost crm
told 08:30 resolved source_gap crm why order
says source crm: over since 08:30 UTC, after 20 m: what was missing was given up as lost. It was: 2 sequence numbers missing.
# What is missing from then on counts alone; what was given up and comes is no trouble.
08:40 crm opened h number 11
told 08:40 pending source_gap crm count 1
08:41 crm opened i number 8
expect 08:41 alert pending source_gap crm count 1
told 08:50 firing source_gap crm count 1
08:55 crm opened j number 10
told 08:55 resolved source_gap crm why heard
