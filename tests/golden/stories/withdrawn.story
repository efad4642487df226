# A customer cancels. What is open closes as withdrawn; what still trickles in about the cancelled order is late news.
stage inquiry -> credit
stage credit  -> outcome
rule crm opened    -> inquiry start    by {subject}
rule crm submitted -> inquiry complete by {subject}
rule cis started   -> credit  start    by {subject}
rule cis approved  -> credit  complete by {subject}
rule crm cancelled -> item    withdraw by {subject}

day 2026-03-02
08:00 crm opened 1
09:00 crm submitted 1
09:30 cis started 1
10:00 crm cancelled 1
expect 10:00 stream withdrawn 1 finished 0 wip 0
expect 10:00 stage credit withdrawn 1 departures 1 wip 0 cycle_time.count 0
expect 10:00 item 1 withdrawn
11:00 cis approved 1
expect 11:00 stage credit withdrawn 1 redundant 1 completed 0
11:30 crm cancelled 1
expect 11:30 stream withdrawn 1 redundant 1
expect 11:30 item 1 visits inquiry:completed:1h credit:withdrawn:1h
