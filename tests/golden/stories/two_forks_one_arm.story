# Two forks side by side lead to one inspection. Where both end because the assembly begins, the inspection is entered
# once.
stage order   -> pumps and pipes
stage pumps   -> motors and inspect
stage pipes   -> welds and inspect
stage motors  -> assembly
stage welds   -> assembly
stage inspect -> outcome
stage assembly -> outcome
rule shop pumps    -> pumps    start by {subject}
rule shop pipes    -> pipes    start by {subject}
rule shop assembly -> assembly start by {subject}

day 2026-03-02
08:00 shop pumps x
09:00 shop pipes x
10:00 shop assembly x
expect 10:00 item x visits pumps:completed:2h:implied pipes:completed:1h:implied assembly:active:0s inspect:queued:0s
expect 10:00 stage inspect wip 1 arrivals 1
