# A customer's application goes straight through three stages. Each stage says when it starts and when it is done.
windows 1h 24h
stage inquiry    -> credit
stage credit     -> connection
stage connection -> outcome
rule crm opened    -> inquiry    start    by so:{subject}
rule crm submitted -> inquiry    complete by so:{subject}
rule cis started   -> credit     start    by so:{subject}
rule cis approved  -> credit     complete by so:{subject}
rule wms started   -> connection start    by so:{subject}
rule wms done      -> connection complete by so:{subject}

day 2026-03-02
09:00 crm opened 1
expect 09:10 stage inquiry wip 1 queued 0 active 1 age.max 10m
09:20 crm submitted 1
# Done with the inquiry, it waits for credit at once.
expect 09:30 stage inquiry wip 0 arrivals 1 departures 1 completed 1 cycle_time.mean 20m
expect 09:30 stage credit wip 1 queued 1 age.max 10m
10:00 cis started 1
10:30 cis approved 1
expect 10:30 stage credit completed 1 cycle_time.mean 70m queue_time.mean 40m active_time.mean 30m
11:00 wms started 1
12:00 wms done 1
expect 12:00 stream wip 0 started 1 finished 1 lead_time.count 1 lead_time.mean 3h lead_time.p50 3h
# Of three hours someone worked 20 + 30 + 60 minutes.
expect 12:00 stream flow_efficiency 0.611111111
expect 12:00 item so:1 finished
expect 12:00 item so:1 visits inquiry:completed:20m credit:completed:1h10m connection:completed:1h30m
expect 12:00 events received 6 applied 6
