# From the credit approved to the meter connected: what is remote within 4 h, all else within 12 h. The first that fits
# an item counts for it. Time in which the customer is waited for is not ours.
segments connection
stage credit -> design or meter
stage design -> meter
stage meter  -> outcome
expected stream name connected within 4h  from credit/left to meter/left where connection=remote,existing clock ours
expected stream name connected within 12h from credit/left to meter/left
expected stream name started   within 1h  to credit/left
rule crm opened   -> credit start    by {subject}
rule crm approved -> credit complete by {subject}
rule ami asked    -> meter  suspend  by {subject} party customer reason access
rule ami goes_on  -> meter  resume   by {subject}
rule ami on       -> meter  complete by {subject}

day 2026-03-02
08:00 crm opened r connection=remote
08:00 crm opened f connection=field
09:00 crm approved r
10:00 crm approved f
# From the first transition to credit/left: r in 1 h, f in 2 h.
expect 10:00 stream sle 3 attained 0.5 count 2
# r waits for the customer from 10 to 15; of 9 to 16 are 2 h ours.
10:00 ami asked r
expect 15:00 stream sle 1 attained 0 count 0
15:00 ami goes_on r
16:00 ami on r
expect 16:00 stream sle 1 attained 1 count 1
expect 16:00 stream sle 2 attained 0 count 0
# f is 12 h past its approval at 22:00, and open: missed as soon as it is older.
expect 22:00 stream sle 2 attained 0 count 0
expect 22:01 stream sle 2 attained 0 count 1
# In truth f was remote all along: now it is older than 4 h, and counts there.
22:10 crm opened f connection=existing of 08:30
expect 22:10 stream sle 1 attained 0.5 count 2
expect 22:10 stream sle 2 attained 0 count 0
