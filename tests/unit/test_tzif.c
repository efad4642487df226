// Time zone files made by hand: what must be refused, and rules whose changes can be looked up in an almanac.
#include "conf/tzif.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "core/calendar.h"
#include "tests/lib/arena.h"
#include "tests/lib/test.h"

// A file as it is written; parts that lie.
struct file {
  int64_t times[4];
  uint8_t types[4];
  int32_t offsets[3];
  unsigned n_times, n_types, n_leaps, n_more; // n_more: times that the header promises beyond
  const char *footer;                         // NULL: none, not even the line breaks
  char version;                               // 0: '2'
};

struct bytes {
  unsigned char at[600];
  size_t n;
};

static void put(struct bytes *b, uint64_t v, unsigned n) {
  while (n-- > 0)
    b->at[b->n++] = (unsigned char)(v >> (8 * n));
}

static void put_block(struct bytes *b, const struct file *f, unsigned time_bytes, unsigned n_times, unsigned n_types) {
  memcpy(b->at + b->n, "TZif", 4);
  b->n += 4;
  put(b, f->version ? (unsigned)f->version : '2', 1);
  b->n += 15;
  const uint32_t counts[] = {0, 0, time_bytes == 8 ? f->n_leaps : 0, n_times + f->n_more, n_types, 4};
  for (int i = 0; i < 6; i++)
    put(b, counts[i], 4);
  for (unsigned i = 0; i < n_times; i++)
    put(b, (uint64_t)f->times[i], time_bytes);
  for (unsigned i = 0; i < n_times; i++)
    put(b, f->types[i], 1);
  for (unsigned i = 0; i < n_types; i++) {
    put(b, (uint32_t)f->offsets[i], 4);
    put(b, 0, 2);
  }
  b->n += 4; // names
  b->n += counts[2] * (time_bytes + 4);
}

static struct bytes bytes_of(const struct file *f) {
  struct bytes b = {.n = 0}; // zeroed: what is not written is 0
  put_block(&b, f, 4, 0, 1);
  put_block(&b, f, 8, f->n_times, f->n_types);
  if (f->footer)
    b.n += (size_t)snprintf((char *)b.at + b.n, sizeof b.at - b.n, "\n%s\n", f->footer);
  return b;
}

static int read_file(struct vsm_arena *arena, const struct file *f, struct vsm_zone *zone, const char **why) {
  struct bytes b = bytes_of(f);
  return vsm_tzif_read(arena, b.at, b.n, zone, why);
}

static void refused(void **state, struct file f, const char *what) {
  struct vsm_zone zone;
  const char *why = NULL;
  assert_int_equal(read_file(*state, &f, &zone, &why), VSM_EFORMAT);
  assert_non_null(strstr(why, what));
}

static void what_is_no_zone_is_refused(void **state) {
  const struct file good = {.n_types = 1, .footer = "UTC0"};
  struct vsm_zone zone;
  const char *why;
  assert_int_equal(read_file(*state, &good, &zone, &why), 0);
  assert_true(zone.offset_s == 0 && zone.n_changes == 0);
  struct bytes b = bytes_of(&good);
  for (size_t n = 0; n < b.n; n++) // torn anywhere
    assert_int_equal(vsm_tzif_read(*state, b.at, n, &zone, &why), VSM_EFORMAT);
  b.at[0] = 'X';
  assert_int_equal(vsm_tzif_read(*state, b.at, b.n, &zone, &why), VSM_EFORMAT);
  refused(state, (struct file){.n_types = 1, .version = '\1', .footer = "UTC0"}, "version 1");
  refused(state, (struct file){.n_types = 1}, "ends early");
  refused(state, (struct file){.n_types = 1, .n_more = 0x7fffffff, .footer = "UTC0"}, "no time zone file");
  refused(state, (struct file){.n_types = 0, .footer = "UTC0"}, "no types");
  refused(state, (struct file){.n_types = 1, .n_leaps = 1, .footer = "UTC0"}, "leap seconds");
  refused(state, (struct file){.n_types = 1, .offsets = {93600}, .footer = "UTC0"}, "offset");
  refused(state, (struct file){.n_types = 2, .offsets = {0, -90000}, .footer = "UTC0"}, "offset");
  refused(state, (struct file){.n_types = 1, .n_times = 1, .types = {1}, .footer = "UTC0"}, "out of order");
  refused(state, (struct file){.n_types = 1, .n_times = 2, .times = {5, 5}, .footer = "UTC0"}, "out of order");
}

static void what_is_no_rule_is_refused(void **state) {
  static const char *const rules[] = {
      "X",
      "XX0",
      "UTC",
      "UTC25",
      "UTC0:60",
      "UTC0x",
      "<UTC0",
      "<U>",
      "A1B0",
      "AAA0BB",
      "AAA0BBB",
      "AAA0BBB,M3.2.0",
      "AAA0BBB,,",
      "AAA0BBB,J0,J1",
      "AAA0BBB,J366,J1",
      "AAA0BBB,366,1",
      "AAA0BBB,M13.1.0,M1.1.0",
      "AAA0BBB,M0.1.0,M1.1.0",
      "AAA0BBB,M1.6.0,M1.1.0",
      "AAA0BBB,M1.0.0,M1.1.0",
      "AAA0BBB,M1.1.7,M1.1.0",
      "AAA0BBB,1/168,2",
      "AAA0BBB,1/,2",
      "AAA0BBB,1,2,3",
      "AAA-24:59:59BBB-25,1,2",
      "AAA24BBB,1,2,",
      "AAA0BBB-,1,2",
      "AAA00000,1",
      "AAA-24:59:59BBB,1,2 ",
  };
  for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
    refused(state, (struct file){.n_types = 1, .footer = rules[i]}, "no rule");
}

// The changes of a zone with one type and this rule, in a year.
static void assert_year(void **state, const char *footer, int64_t from_s, const struct vsm_zone_change *want) {
  struct file f = {.n_types = 1, .footer = footer};
  struct vsm_zone zone;
  const char *why;
  assert_int_equal(read_file(*state, &f, &zone, &why), 0);
  unsigned i = 0;
  while (i < zone.n_changes && zone.changes[i].at_s < from_s)
    i++;
  assert_true(i + 2 <= zone.n_changes);
  for (unsigned k = 0; k < 2; k++) {
    assert_int_equal(zone.changes[i + k].at_s, want[k].at_s);
    assert_int_equal(zone.changes[i + k].offset_s, want[k].offset_s);
  }
  assert_true(zone.n_changes >= 259 && zone.n_changes <= 261); // 130 years
}

static void rules_reach_into_the_future(void **state) {
  enum { Y2050 = 2524608000u, Y2096 = 3976214400u };
  assert_year(state, "CST6CDT,M3.2.0,M11.1.0", Y2050, // 2050-03-13T02:00, 2050-11-06T02:00
              (struct vsm_zone_change[]){{2530771200u, -5 * 3600}, {2551330800u, -6 * 3600}});
  assert_year(state, "CET-1CEST,M3.5.0,M10.5.0/3", Y2050, // 2050-03-27T01:00Z, 2050-10-30T01:00Z
              (struct vsm_zone_change[]){{2531955600u, 7200}, {2550704400u, 3600}});
  assert_year(state, "IST-1GMT0,M10.5.0,M3.5.0/1", Y2050, // Ireland: winter is the exception; the same instants
              (struct vsm_zone_change[]){{2531955600u, 3600}, {2550704400u, 0}});
  assert_year(state, "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", Y2050, // Lord Howe: 2050-04-03T02:00, 10-02T02:00
              (struct vsm_zone_change[]){{2532524400u, 37800}, {2548251000u, 39600}});
  // The 60th day: 1 March in any year (J60), 29 February in a leap year (59 from 0); 300 hours on 1 January's -100
  // hours.
  assert_year(state, "AAA0BBB,J60/0,J100/1", Y2096, // 2096-03-01T00:00Z, 04-10T00:00Z
              (struct vsm_zone_change[]){{3981398400u, 3600}, {3984854400u, 0}});
  assert_year(state, "AAA0BBB,59/0,100/1", Y2096, // 2096-02-29T00:00Z, 04-10T00:00Z
              (struct vsm_zone_change[]){{3981312000u, 3600}, {3984854400u, 0}});
  assert_year(state, "AAA0BBB,0/100,364/-100", Y2096, // 2096-01-05T04:00Z, 2096-12-25T19:00Z (20:00 less 1)
              (struct vsm_zone_change[]){{3976574400u, 3600}, {4007300400u, 0}});
}

static void summer_all_year_is_no_change(void **state) {
  struct file f = {.n_types = 1, .offsets = {-3 * 3600}, .footer = "XXX3EDT4,0/0,J365/23"};
  struct vsm_zone zone;
  const char *why;
  assert_int_equal(read_file(*state, &f, &zone, &why), 0);
  assert_int_equal(zone.offset_s, -4 * 3600);
  assert_int_equal(zone.n_changes, 0);
}

static void what_is_listed_goes_before_the_rule(void **state) {
  struct file f = {.times = {-5, 10, 2000000000, 2530771200 + 1},
                   .types = {1, 2, 1, 1},
                   .offsets = {-60, 7200, -3600},
                   .n_times = 4,
                   .n_types = 3,
                   .footer = "CST6CDT,M3.2.0,M11.1.0"};
  struct vsm_zone zone;
  const char *why;
  assert_int_equal(read_file(*state, &f, &zone, &why), 0);
  assert_int_equal(zone.offset_s, 7200); // since 5 s before 1970
  assert_true(zone.changes[0].at_s == 10 && zone.changes[0].offset_s == -3600);
  assert_true(zone.changes[1].at_s == 2000000000 && zone.changes[1].offset_s == 7200);
  assert_true(zone.changes[2].at_s == 2551330800u && zone.changes[2].offset_s == -6 * 3600); // the rule's next
  f.footer = "";
  assert_int_equal(read_file(*state, &f, &zone, &why), 0);
  assert_int_equal(zone.n_changes, 2);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_is_no_zone_is_refused),          cmocka_unit_test(what_is_no_rule_is_refused),
      cmocka_unit_test(rules_reach_into_the_future),         cmocka_unit_test(summer_all_year_is_no_change),
      cmocka_unit_test(what_is_listed_goes_before_the_rule),
  };
  return cmocka_run_group_tests(tests, arena_setup, arena_teardown);
}
