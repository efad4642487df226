# What is to be expected. Each day one item comes in at 09:00 and is looked at until 10:00; then nobody has it, until the
# shop takes it on the next day at 10:00 and is done at 12:00. What is always so is certain. The story is long because
# a forecast needs 20 whole days.
windows 7d
stage intake -> repair or cleaning
stage repair -> outcome
stage cleaning -> outcome
rule desk opened   -> intake start     by {subject}
rule desk noted    -> intake complete  by {subject}
rule shop began    -> repair start     by {subject}
rule shop repaired -> repair complete  by {subject}

day 2026-03-02
09:00 desk opened i0
10:00 desk noted i0
day 2026-03-03
09:00 desk opened i1
10:00 desk noted i1
10:00 shop began i0
12:00 shop repaired i0
day 2026-03-04
09:00 desk opened i2
10:00 desk noted i2
10:00 shop began i1
12:00 shop repaired i1
day 2026-03-05
09:00 desk opened i3
10:00 desk noted i3
10:00 shop began i2
12:00 shop repaired i2
day 2026-03-06
09:00 desk opened i4
10:00 desk noted i4
10:00 shop began i3
12:00 shop repaired i3
day 2026-03-07
09:00 desk opened i5
10:00 desk noted i5
10:00 shop began i4
12:00 shop repaired i4
day 2026-03-08
09:00 desk opened i6
10:00 desk noted i6
10:00 shop began i5
12:00 shop repaired i5
day 2026-03-09
09:00 desk opened i7
10:00 desk noted i7
10:00 shop began i6
12:00 shop repaired i6
day 2026-03-10
09:00 desk opened i8
10:00 desk noted i8
10:00 shop began i7
12:00 shop repaired i7
day 2026-03-11
09:00 desk opened i9
10:00 desk noted i9
10:00 shop began i8
12:00 shop repaired i8
day 2026-03-12
09:00 desk opened i10
10:00 desk noted i10
10:00 shop began i9
12:00 shop repaired i9
expect 12:00 forecast item i10 few_like
day 2026-03-13
09:00 desk opened i11
10:00 desk noted i11
10:00 shop began i10
12:00 shop repaired i10
day 2026-03-14
09:00 desk opened i12
10:00 desk noted i12
10:00 shop began i11
12:00 shop repaired i11
day 2026-03-15
09:00 desk opened i13
10:00 desk noted i13
10:00 shop began i12
12:00 shop repaired i12
day 2026-03-16
09:00 desk opened i14
10:00 desk noted i14
10:00 shop began i13
12:00 shop repaired i13
day 2026-03-17
09:00 desk opened i15
10:00 desk noted i15
10:00 shop began i14
12:00 shop repaired i14
day 2026-03-18
09:00 desk opened i16
10:00 desk noted i16
10:00 shop began i15
12:00 shop repaired i15
day 2026-03-19
09:00 desk opened i17
10:00 desk noted i17
10:00 shop began i16
12:00 shop repaired i16
day 2026-03-20
09:00 desk opened i18
10:00 desk noted i18
10:00 shop began i17
12:00 shop repaired i17
day 2026-03-21
09:00 desk opened i19
10:00 desk noted i19
10:00 shop began i18
12:00 shop repaired i18
day 2026-03-22
09:00 desk opened i20
10:00 desk noted i20
10:00 shop began i19
12:00 shop repaired i19
day 2026-03-23
09:00 desk opened i21
10:00 desk noted i21
10:00 shop began i20
12:00 shop repaired i20
# The first was done on 03-03; 03-04 to 03-22 are 19 days.
expect 12:00 forecast items 3 few_days
expect 12:00 forecast item i21 2026-03-24 2026-03-24 2026-03-24
day 2026-03-24
09:00 desk opened i22
10:00 desk noted i22
10:00 shop began i21
12:00 shop repaired i21
# Now there are 20. Today is not over and counts for nothing: three more are done by the end of the third day from now.
expect 12:00 forecast items 3 2026-03-27 2026-03-27 2026-03-27
expect 12:00 forecast by 2026-04-03 10 10 10
# i22 is open, and no other.
expect 12:00 forecast open 2026-03-25 2026-03-25 2026-03-25
# It has been between stages for two hours; 22 others were for longer, and were repaired 24 hours after that.
expect 12:00 forecast item i22 2026-03-25 2026-03-25 2026-03-25
# Nobody comes for it. Two days later, none like it is known any more. Of 22 days one was without work: of ten days ahead
# all bring one with a chance of (21/22)^10 = 63 %, at least nine with 93 %, at least eight with 99 %.
day 2026-03-26
expect 12:00 forecast item i22 few_like
expect 12:00 forecast by 2026-04-05 10 9 8
