// The file holds its data twice: in 32 bits, which are passed over, and in 64. That second block lists the changes of
// the clocks so far; behind it a line of text gives the rule for all later ones. A zone without leap seconds is wanted:
// our time has none.
#include "conf/tzif.h"

#include "base/arena.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/text.h"
#include "conf/tzrule.h"
#include "core/calendar.h"

enum {
  HEADER_BYTES = 44,
  TYPE_BYTES = 6,    // offset, whether summer time, name
  FIRST_YEAR = 1969, // what holds when 1970 begins
  LAST_YEAR = 2100,  // west of UTC 2099 ends later
  RULE_CHANGES = 2 * (LAST_YEAR - FIRST_YEAR + 1),
  FOOTER_MAX = 100,
};

struct block {
  const unsigned char *times, *types_of_times, *types; // `time_bytes` each, one, TYPE_BYTES
  uint64_t n_leaps, n_times, n_types;
  const unsigned char *end;
};

static uint32_t be32(const unsigned char *p) {
  return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

// The block that begins at p; false where it does not fit before `end`.
static bool block_at(const unsigned char *p, const unsigned char *end, unsigned time_bytes, struct block *b) {
  if (end - p < HEADER_BYTES || memcmp(p, "TZif", 4) != 0)
    return false;
  uint64_t n_ut = be32(p + 20), n_std = be32(p + 24), n_letters = be32(p + 40);
  *b = (struct block){.n_leaps = be32(p + 28), .n_times = be32(p + 32), .n_types = be32(p + 36)};
  uint64_t bytes = b->n_times * (time_bytes + 1) + b->n_types * TYPE_BYTES + n_letters + b->n_leaps * (time_bytes + 4) +
                   n_std + n_ut;
  p += HEADER_BYTES;
  if (bytes > (uint64_t)(end - p))
    return false;
  b->times = p;
  b->types_of_times = p + b->n_times * time_bytes;
  b->types = b->types_of_times + b->n_times;
  b->end = p + bytes;
  return true;
}

static int64_t time_at(const struct block *b, uint64_t i) {
  return (int64_t)((uint64_t)be32(b->times + 8 * i) << 32 | be32(b->times + 8 * i + 4));
}

static int32_t offset_of_type(const struct block *b, unsigned type) {
  return (int32_t)be32(b->types + TYPE_BYTES * type);
}

static const char *wrong_block(const struct block *b) {
  if (b->n_leaps)
    return "a time zone with leap seconds";
  if (b->n_types == 0 || b->n_types > 256)
    return "a broken time zone file: no types of local time";
  for (unsigned i = 0; i < b->n_types; i++)
    if (offset_of_type(b, i) < VSM_TZ_OFFSET_LEAST_S || offset_of_type(b, i) > VSM_TZ_OFFSET_MOST_S)
      return "a broken time zone file: an offset of more than a day";
  for (uint64_t i = 0; i < b->n_times; i++)
    if (b->types_of_times[i] >= b->n_types || (i > 0 && time_at(b, i - 1) >= time_at(b, i)))
      return "a broken time zone file: its changes are out of order";
  return NULL;
}

// Changes come in order of time; those of which the clocks show nothing are left out.
struct writer {
  struct vsm_zone *zone;
  struct vsm_zone_change *changes;
  int32_t offset_s; // so far
};

static void write_change(struct writer *w, int64_t at_s, int32_t offset_s) {
  if (at_s <= 0)
    w->zone->offset_s = offset_s;
  else if (at_s < VSM_TIME_MAX / VSM_SECOND_US && offset_s != w->offset_s)
    w->changes[w->zone->n_changes++] = (struct vsm_zone_change){(uint32_t)at_s, offset_s};
  w->offset_s = offset_s;
}

// At one instant the way back first: a summer that begins as the last one ends goes on.
static int by_time(const void *pa, const void *pb) {
  const struct vsm_tzrule_change *a = pa, *b = pb;
  return a->at_s != b->at_s ? (a->at_s > b->at_s) - (a->at_s < b->at_s) : a->to_summer - b->to_summer;
}

static void write_rule(struct writer *w, const struct vsm_tzrule *rule, int64_t after_s) {
  struct vsm_tzrule_change changes[RULE_CHANGES];
  for (int year = FIRST_YEAR; year <= LAST_YEAR; year++)
    vsm_tzrule_year(rule, year, changes + 2 * (year - FIRST_YEAR));
  vsm_sort(changes, RULE_CHANGES, sizeof *changes, by_time);
  for (unsigned i = 0; i < RULE_CHANGES; i++) {
    bool undone = i + 1 < RULE_CHANGES && changes[i + 1].at_s == changes[i].at_s;
    if (changes[i].at_s > after_s && !undone)
      write_change(w, changes[i].at_s, changes[i].offset_s);
  }
}

// The line behind the block, between two line breaks; *text NULL where it is empty.
static bool read_footer(struct vsm_arena *arena, const unsigned char *p, const unsigned char *end, const char **text) {
  const unsigned char *to = end - p >= 2 && *p == '\n' ? memchr(p + 1, '\n', (size_t)(end - p) - 1) : NULL;
  size_t n = to ? (size_t)(to - p) - 1 : 0;
  *text = n ? vsm_mem_need(vsm_arena_strndup(arena, (const char *)p + 1, n), n) : NULL;
  return to && n <= FOOTER_MAX;
}

int vsm_tzif_read(struct vsm_arena *arena, const unsigned char *bytes, size_t n, struct vsm_zone *zone,
                  const char **why) {
  const unsigned char *end = bytes + n;
  struct block b;
  struct vsm_tzrule rule = {0};
  const char *footer;
  *why = "no time zone file (TZif)";
  if (!block_at(bytes, end, 4, &b))
    return VSM_EFORMAT;
  *why = "a time zone file of version 1, which ends in 2037";
  if (bytes[4] < '2')
    return VSM_EFORMAT;
  *why = "a broken time zone file: it ends early";
  if (!block_at(b.end, end, 8, &b) || !read_footer(arena, b.end, end, &footer))
    return VSM_EFORMAT;
  if ((*why = wrong_block(&b)) != NULL)
    return VSM_EFORMAT;
  *why = "a broken time zone file: its last line is no rule";
  if (footer && !vsm_tzrule_parse(footer, &rule))
    return VSM_EFORMAT;
  size_t changes_bytes = (b.n_times + RULE_CHANGES) * sizeof(struct vsm_zone_change);
  struct writer w = {zone, vsm_mem_need(vsm_arena_alloc(arena, changes_bytes), changes_bytes), offset_of_type(&b, 0)};
  *zone = (struct vsm_zone){.offset_s = w.offset_s, .changes = w.changes};
  for (uint64_t i = 0; i < b.n_times; i++)
    write_change(&w, time_at(&b, i), offset_of_type(&b, b.types_of_times[i]));
  if (rule.has_summer)
    write_rule(&w, &rule, b.n_times ? time_at(&b, b.n_times - 1) : INT64_MIN);
  return 0;
}
