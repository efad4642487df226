// What is said of alerts, line by line, in the same words whoever says it.
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "property/alerts.h"
#include "property/reference.h"

static int cmp_text(const void *a, const void *b) {
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void print_names(FILE *out, const char *label, const char **names, size_t n, uint64_t count) {
  if (count == 0)
    return;
  fprintf(out, ", %s %" PRIu64, label, count);
  if (n < count || n > 10) // which ten is not said
    return;
  qsort(names, n, sizeof *names, cmp_text);
  for (size_t i = 0; i < n; i++)
    fprintf(out, " %s", names[i]);
}

static void print_why(FILE *out, const struct said *s) {
  fprintf(out, ", at %" PRId64 "/%" PRIu64 " of %" PRId64 "/%" PRIu64 "%s", s->observed_us, s->observed,
          s->threshold_us, s->threshold, s->by_date ? " by date" : "");
  if (s->percentile)
    fprintf(out, " (p%u x %u)", s->percentile, s->factor_ppm);
  for (size_t i = 0; i < s->n_items; i++)
    fprintf(out, " %s %" PRId64, s->items[i].name, s->items[i].age_us);
}

// What time adds to what is observed shows when it was looked at last, which is no promise.
static void print_end(FILE *out, const struct said *s) {
  fprintf(out, ", resolved %" PRId64 ", end %d, count %" PRIu64 " at %" PRIu64 " of %" PRId64 "/%" PRIu64 "%s",
          s->state == VSM_RESOLVED ? s->resolved : 0, (int)s->end, s->count, s->observed, s->threshold_us, s->threshold,
          s->by_date ? " by date" : "");
  if (s->percentile)
    fprintf(out, " (p%u x %u)", s->percentile, s->factor_ppm);
  if ((s->end == VSM_END_MOVED || s->end == VSM_END_LATE_NEWS) && s->moved != INT64_MIN)
    fprintf(out, ", moved %" PRId64, s->moved);
}

void say_one(struct saying_list *l, const struct said *s, bool notice) {
  char *text = NULL;
  size_t size = 0;
  FILE *out = open_memstream(&text, &size);
  bool is_over = s->state == VSM_QUIET || s->state == VSM_RESOLVED;
  fprintf(out, "%s %s", s->id, notice ? vsm_alert_change_name(s->change) : vsm_alert_state_name(s->state));
  fprintf(out, " (%s) since %" PRId64, vsm_severity_name(s->severity), s->since);
  if (s->fired)
    fprintf(out, ", fired %" PRId64, s->fired);
  if (is_over)
    print_end(out, s);
  else
    fprintf(out, ", count %" PRIu64, s->count);
  if (!is_over && s->holds)
    print_why(out, s);
  if (notice && (s->change == VSM_JOINED || s->change == VSM_REPEATED)) {
    print_names(out, "joined", s->joined, s->n_joined, s->joined_count);
    print_names(out, "left", s->left, s->n_left, s->left_count);
  }
  if (!is_over && !notice) {
    fprintf(out, "%s", s->silenced ? ", silenced" : "");
    if (s->acknowledged)
      fprintf(out, ", acknowledged but for %" PRIu64, s->unacknowledged);
    print_names(out, "inhibited by", s->inhibited_by, s->n_inhibited_by, s->n_inhibited_by);
  }
  fclose(out);
  size_t n = l->n;
  REF_PUSH(l->arena, l->lines, l->n, vsm_arena_strdup(l->arena, text));
  free(text);
  size_t id = strlen(s->id) + 1; // with the space behind it
  for (; n > 0 && strncmp(l->lines[n - 1], l->lines[n], id) > 0; n--) {
    char *swap = l->lines[n];
    l->lines[n] = l->lines[n - 1];
    l->lines[n - 1] = swap;
  }
}

void say_all(struct saying_list *l, const char *what, FILE *out) {
  for (size_t i = 0; i < l->n; i++)
    fprintf(out, "%s %s\n", what, l->lines[i]);
  l->lines = NULL;
  l->n = 0;
}
