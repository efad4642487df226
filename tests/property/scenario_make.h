// For the files that make scenarios.
#pragma once
#include "property/scenario.h"

struct maker {
  struct rig_random *r;
  struct vsm_arena *arena;
  struct scenario *s;
  bool links, wall, sequenced, waiting; // waiting: much is suspended, and much expected
  unsigned subjects, fresh;             // fresh: stages named so far
  int64_t base_us, scale_us;
  unsigned range; // times lie in base .. base + range * scale
};

const char *make_pick(struct maker *m, const char *const *from, unsigned n);
#define PICK(m, ...)                                                                                                   \
  make_pick((m), (const char *const[]){__VA_ARGS__}, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))
struct vsm_template make_template(struct maker *m, const char *text); // a literal, a field, or one before the other

// What is measured: attributes, calendars, expectations, and what is told from percentiles. Of a stream whose stages
// stand.
void make_measures(struct maker *m, struct vsm_stream *stream);
// What the rule's events carry; its stream and stage stand.
void make_values(struct maker *m, struct vsm_rule *rule, const struct vsm_stream *stream);
// The rule's templates of attributes, for a stream with other attributes than the one before.
void make_segments_anew(struct maker *m, struct vsm_rule *rule, const struct vsm_stream *before,
                        const struct vsm_stream *stream);
// Adds attributes to an event that has room for them.
enum { MAKE_ATTRS = 2 };
void make_attrs(struct maker *m, struct vsm_attr *attrs, uint32_t *n);
