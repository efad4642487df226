# What is to be expected, by what past days brought. A shop that sends something out on ten days of 24, one thing each:
# no day of the next ones is sure, but what they add up to can be said. Of d days each brings one with p = 10/24, as if
# by the throw of a coin, so that all figures below are sums of binomial terms.
stage ship -> outcome
rule shop sent -> ship complete by {subject}

# Drawn from are whole days from the one after the first on which something was done.
day 2026-03-02
10:00 shop sent i0
day 2026-03-04
10:00 shop sent i1
day 2026-03-06
10:00 shop sent i2
day 2026-03-09
10:00 shop sent i3
day 2026-03-11
10:00 shop sent i4
day 2026-03-14
10:00 shop sent i5
day 2026-03-16
10:00 shop sent i6
day 2026-03-18
10:00 shop sent i7
day 2026-03-20
10:00 shop sent i8
# 17 days lie behind.
expect 10:00 forecast items 1 few_days
day 2026-03-23
10:00 shop sent i9
# 20 days with eight: too little.
expect 10:00 forecast items 1 few_done
day 2026-03-25
10:00 shop sent i10
# 24 days, 03-03 to 03-26, twelve in each half with five each. One is done within d days with 1 - (14/24)^d: 42, 66, 80,
# 88, 93, 96 % for 1 to 6 days. The first to reach 50, 85, 95 % are the second, fourth and sixth from tomorrow.
day 2026-03-27
expect 10:00 forecast items 1 2026-03-29 2026-03-31 2026-04-02
# In ten days (10 over k) (10/24)^k (14/24)^(10 - k): at least 4 with 66 %, 5 with 41 %; 3 with 86 %; 2 with 96 %.
expect 10:00 forecast by 2026-04-06 4 3 2
# Nothing is open: as much has ended by now.
expect 10:00 forecast open 2026-03-27 2026-03-27 2026-03-27
# Four weeks without any. All ten lie in the older half of 52 days: five less than expected in the newer one, and three
# standard deviations are 3 sqrt(0.158 x 26 x 26 / 52) = 4.3. What was does not tell what comes.
day 2026-04-24
expect 10:00 forecast items 1 unstable
