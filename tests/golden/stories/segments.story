# Figures by region. An item's region is the one on the newest event that names one; when it moves, all that it has
# ever counted for moves with it, so that the regions always add up to the whole.
windows 1h
segments region
stage inquiry -> outcome
rule crm opened -> inquiry start    by {subject}
rule crm done   -> inquiry complete by {subject}
rule crm moved  -> item    values   by {subject}
rule gis found  -> inquiry progress by {subject} segment region={data.area}

day 2026-03-02
08:00 crm opened a region=north
08:00 crm opened b region=south
09:00 crm done a
expect 09:00 stage inquiry segment region=north arrivals 1 completed 1 wip 0 cycle_time.mean 3600
expect 09:00 stage inquiry segment region=south arrivals 1 completed 0 wip 1
10:00 crm done b
expect 10:00 stream segment region=south started 1 finished 1 lead_time.mean 7200
# b was in the north: (1 h + 2 h) / 2. Nobody is in the south any more.
10:30 crm moved b region=north
expect 10:30 stage inquiry segment region=north arrivals 2 completed 2 cycle_time.count 2 cycle_time.mean 5400
expect 10:30 stream segment region=north started 2 finished 2 wip 0
expect 10:30 stream segment region=south none
# What was left before 09:31 has left the hour; over all time it stays.
expect 10:30 stage inquiry window 1h segment region=north arrivals 0 completed 1 cycle_time.mean 7200
# Older news changes nothing; at the same instant the greatest in bytes holds: east < north < west.
11:00 crm moved b region=south of 08:30
11:00 crm moved b region=east of 10:30
expect 11:00 item b segment region north
11:10 gis found b area=west of 10:30
expect 11:10 item b segment region west
expect 11:10 stage inquiry segment region=west completed 1 cycle_time.mean 7200
expect 11:10 stage inquiry segment region=north completed 1 cycle_time.mean 3600
