# With the event clock only events move the time: windows stand still until something happens, known or unknown.
clock event
windows 1h
stage repair -> outcome
rule desk opened -> repair start    by {subject}

day 2026-03-02
08:00 desk opened i1
expect 23:00 stage repair window 1h arrivals 1 age.max 0
23:00 desk unheard i9
expect 23:00 stage repair window 1h arrivals 0 age.max 15h
