# A release renames a type: its stage starves while its source looks alive. More than 5 % of what came in 15 minutes.
stage credit -> outcome
source crm
rule crm opened   -> credit start    by {subject}
rule crm approved -> credit complete by {subject}
rule crm paid     -> credit complete by {data.number}

day 2026-03-02
08:00 crm opened a
and crm opened b
and crm opened c
and crm opened d
and crm opened e
and crm opened f
and crm opened g
and crm opened h
and crm opened i
and crm opened j
08:01 crm opened k
and crm opened l
and crm opened m
and crm opened n
and crm opened o
and crm opened p
and crm opened q
and crm opened r
and crm opened s
# One of 20 are 5 %, and no more.
08:02 crm approved_v2 a
told 08:02 nothing
08:03 crm approved_v2 b
told 08:03 firing source_refused crm count 2 observed 9.52% limit 5% type approved_v2 since 08:03
says source crm: 9.5 % of what came in 15 minutes refused or not mapped (limit 5 %), 2 in number; no rule takes type approved_v2; since 08:03 UTC.
ends no more than 5 % of 15 minutes are refused or not mapped
# An event without the field that a rule needs counts as well: it is the sample now.
08:04 crm paid a
expect 08:04 alert firing source_refused crm count 3 type paid
# At 08:16 those of 08:00 and 08:01 are out of sight, and all that is left were refused.
expect 08:16 alert firing source_refused crm count 3
# Where nothing came in 15 minutes nothing is known: it stays as it was.
told 08:40 nothing
# One good event, in 15 minutes in which nothing was refused.
08:41 crm approved c
told 08:41 resolved source_refused crm why heard
