// Texts of the simulated systems: literals with the item's number, its attributes and times set in.
#include "simulate.h"

#include <string.h>

#include "base/date.h"

static const struct {
  const char *name;
  enum vsm_sim_part_kind kind;
  bool time;
} NAMES[] = {
    {"n", VSM_SIM_NUMBER, false}, {"hour", VSM_SIM_HOUR, false},  {"T", VSM_SIM_T, true},
    {"now", VSM_SIM_NOW, true},   {"begin", VSM_SIM_BEGIN, true}, {"end", VSM_SIM_END, true},
};

// "now+2h", "zone": what stands between the braces.
static const char *parse_field(struct vsm_arena *arena, const struct vsm_sim_stream *stream, const char *text, size_t n,
                               struct vsm_sim_part *out) {
  size_t name = strcspn(text, "+-}");
  for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++) {
    if (strlen(NAMES[i].name) != name || strncmp(NAMES[i].name, text, name))
      continue;
    out->kind = NAMES[i].kind;
    if (name == n)
      return NULL;
    if (!NAMES[i].time)
      return "only times take an offset";
    char *offset = vsm_arena_strndup(arena, text + name + 1, n - name - 1);
    if (!offset || !vsm_sim_duration_parse(offset, NULL, &out->offset_us))
      return "an offset is a duration, as in {now+90m}; allowed units: ms s m h d w";
    if (text[name] == '-')
      out->offset_us = -out->offset_us;
    return NULL;
  }
  const struct vsm_sim_attribute *a = stream->attributes.at;
  for (unsigned i = 0; i < stream->attributes.n; i++)
    if (strlen(a[i].name) == n && !strncmp(a[i].name, text, n)) {
      out->kind = VSM_SIM_VALUE;
      out->attribute = i;
      return NULL;
    }
  return "no such field; allowed: {n}, {hour}, {T}, {now}, {begin}, {end} and the stream's attributes";
}

const char *vsm_sim_text_parse(struct vsm_arena *arena, const struct vsm_sim_stream *stream, const char *text,
                               struct vsm_sim_text *out) {
  unsigned cap = 1;
  for (const char *p = text; *p; p++)
    cap += 2 * (*p == '{');
  struct vsm_sim_part *parts = vsm_arena_zalloc(arena, cap * sizeof *parts);
  if (!parts)
    return "out of memory";
  *out = (struct vsm_sim_text){.parts = parts};
  while (*text) {
    struct vsm_sim_part *part = &parts[out->n++];
    if (*text != '{') {
      part->n = strcspn(text, "{");
      part->text = text;
      text += part->n;
      continue;
    }
    size_t n = strcspn(++text, "}");
    if (text[n] != '}')
      return "a brace is not closed";
    const char *wrong = parse_field(arena, stream, text, n, part);
    if (wrong)
      return wrong;
    text += n + 1;
  }
  return NULL;
}

static char *digits(char *p, uint64_t value, int width) {
  char buf[20];
  int n = 0;
  while (value || n < width) {
    buf[n++] = (char)('0' + value % 10);
    value /= 10;
  }
  while (n)
    *p++ = buf[--n];
  return p;
}

static char *write_date(int64_t us, char *p) {
  struct vsm_date date = vsm_date_of(us / VSM_DAY_US);
  p = digits(p, (uint64_t)date.year, 4);
  *p++ = '-';
  p = digits(p, (uint64_t)date.month, 2);
  *p++ = '-';
  p = digits(p, (uint64_t)date.day, 2);
  *p++ = 'T';
  return digits(p, (uint64_t)(us / VSM_HOUR_US % 24), 2);
}

size_t vsm_sim_time_write(int64_t us, char *out) {
  if (us < 0)
    us = 0;
  char *p = write_date(us, out);
  *p++ = ':';
  p = digits(p, (uint64_t)(us / VSM_MINUTE_US % 60), 2);
  *p++ = ':';
  p = digits(p, (uint64_t)(us / VSM_SECOND_US % 60), 2);
  if (us % VSM_SECOND_US) {
    *p++ = '.';
    p = digits(p, (uint64_t)(us % VSM_SECOND_US / 1000), 3);
  }
  *p++ = 'Z';
  *p = 0;
  return (size_t)(p - out);
}

static size_t write_part(const struct vsm_sim_part *part, const struct vsm_sim_item *item,
                         const struct vsm_sim_moment *moment, char out[32]) {
  switch (part->kind) {
  case VSM_SIM_NUMBER:
    return (size_t)(digits(digits(out, item->day, 6), item->of_day, 4) - out);
  case VSM_SIM_HOUR: {
    char *p = write_date(item->t_us, out);
    *p++ = 'Z';
    return (size_t)(p - out);
  }
  case VSM_SIM_T:
    return vsm_sim_time_write(item->t_us + part->offset_us, out);
  case VSM_SIM_NOW:
    return vsm_sim_time_write(moment->now_us + part->offset_us, out);
  case VSM_SIM_BEGIN:
    return vsm_sim_time_write(moment->begin_us + part->offset_us, out);
  case VSM_SIM_END:
    return vsm_sim_time_write(moment->end_us + part->offset_us, out);
  case VSM_SIM_LITERAL:
  case VSM_SIM_VALUE:
    break;
  }
  return 0;
}

size_t vsm_sim_text_write(const struct vsm_sim_text *text, const struct vsm_sim_item *item,
                          const struct vsm_sim_moment *moment, char *out, size_t size) {
  const struct vsm_sim_attribute *attributes = item->stream->attributes.at;
  size_t n = 0;
  for (unsigned i = 0; i < text->n; i++) {
    const struct vsm_sim_part *part = &text->parts[i];
    char buf[32];
    const char *from = buf;
    size_t len;
    if (part->kind == VSM_SIM_LITERAL) {
      from = part->text;
      len = part->n;
    } else if (part->kind == VSM_SIM_VALUE) {
      from = attributes[part->attribute].values[item->value[part->attribute]];
      len = strlen(from);
    } else {
      len = write_part(part, item, moment, buf);
    }
    if (len > size - 1 - n)
      len = size - 1 - n;
    memcpy(out + n, from, len);
    n += len;
  }
  out[n] = 0;
  return n;
}
