# A date of the stage, a date of the item: the newest event that carries one says which holds.
stage survey -> outcome
rule docs opened   -> survey start by {subject}
rule docs ordered  -> survey progress by {subject} due {data.until}
rule docs promised -> item   values   by {subject} due {data.until}

day 2026-03-02
08:00 docs opened c
expect 08:00 row c survey due none
08:30 docs promised c until=2026-06-30T00:00:00Z
# The stage has none of its own: the item's.
expect 08:30 row c survey due 2026-06-30T00:00
09:00 docs ordered c until=2026-03-20T17:00:00Z
expect 09:00 row c survey due 2026-03-20T17:00
expect 09:00 item c due 2026-06-30T00:00
# Heard late, said before: it does not hold. Nor does what is no date.
09:30 docs ordered c until=2026-03-25T17:00:00Z of 08:45
09:40 docs ordered c until=soon
expect 09:40 row c survey due 2026-03-20T17:00
# Said at the same instant: the greatest in bytes.
09:50 docs ordered c until=2026-03-10T17:00:00Z of 09:00
expect 09:50 row c survey due 2026-03-20T17:00
09:55 docs ordered c until=2026-03-21T17:00:00Z of 09:00
expect 09:55 row c survey due 2026-03-21T17:00
# A new word, with the offset of its zone: 17:00 in Chicago in summer is 22:00 UTC.
10:00 docs ordered c until=2026-04-01T17:00:00-05:00
expect 10:00 row c survey due 2026-04-01T22:00
