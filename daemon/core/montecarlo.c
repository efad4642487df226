// A trial draws, for each day ahead, a past day of its kind, and adds up. A statement with 85 % is what 85 of a hundred
// trials bear out.
//
// The work is bounded by days drawn, whatever is asked: as many trials as those allow. The back-test shares out as much
// among the days that it tries; of a trial there it asks only whether more came out than truly did, so nothing is
// sorted.
#include "core/montecarlo.h"

__extension__ typedef __int128 wide;

const unsigned vsm_chance_percent[VSM_CHANCES] = {50, 85, 95};

uint64_t vsm_chance_rank(unsigned percent, uint64_t n) {
  return (n * percent + 99) / 100;
}

const char *vsm_forecast_trouble_name(enum vsm_forecast_trouble t) {
  static const char *const names[] = {"", "few_days", "few_done", "unstable", "few_like"};
  return names[t];
}

// --- the days drawn from

struct sample {
  uint32_t n[2];
  uint32_t done[2][VSM_FORECAST_SAMPLED];
};

static unsigned first_sampled(unsigned end) {
  return end > VSM_FORECAST_SAMPLED ? end - VSM_FORECAST_SAMPLED : 0;
}

static void take_sample(const struct vsm_days *d, unsigned end, struct sample *s) {
  s->n[0] = s->n[1] = 0;
  for (unsigned i = first_sampled(end); i < end; i++)
    s->done[d->kind[i]][s->n[d->kind[i]]++] = d->done[i];
}

static uint32_t draw(const struct sample *s, unsigned kind, struct vsm_dice *dice) {
  return s->n[kind] ? s->done[kind][vsm_dice_below(dice, s->n[kind])] : 0;
}

// Days of one kind in two halves.
struct halves {
  int64_t n, newer_n, sum, newer_sum;
  wide squares;
};

// The newer half against what all days let expect of it. In one kind: sum of the newer - n_newer x mean, of which the
// variance is s^2 x n_newer x n_older / n, s^2 that of the days. All in units of 1 / n.
static bool unlike(const struct halves h[2]) {
  wide scale[2] = {h[1].n ? h[1].n : 1, h[0].n ? h[0].n : 1}; // both kinds in units of 1 / (n x n)
  wide off = 0, variance = 0, expected = 0;
  for (int k = 0; k < 2; k++) {
    wide n = h[k].n, older = n - h[k].newer_n;
    if (n == 0)
      continue;
    off += (h[k].newer_sum * n - h[k].newer_n * (wide)h[k].sum) * scale[k];
    expected += h[k].newer_n * (wide)h[k].sum * scale[k];
    if (n > 1)
      variance += (n * h[k].squares - (wide)h[k].sum * h[k].sum) * h[k].newer_n * older / (n - 1) * scale[k] * scale[k];
  }
  off = off < 0 ? -off : off;
  return off * 7 > expected && off * off > 9 * variance;
}

enum vsm_forecast_trouble vsm_days_trouble(const struct vsm_days *d, unsigned end) {
  struct halves h[2] = {0};
  unsigned first = first_sampled(end), half = first + (end - first) / 2;
  if (end - first < VSM_FORECAST_DAYS_MIN)
    return VSM_FORECAST_FEW_DAYS;
  for (unsigned i = first; i < end; i++) {
    struct halves *of = &h[d->kind[i]];
    of->n++;
    of->sum += d->done[i];
    of->squares += (wide)d->done[i] * d->done[i];
    of->newer_n += i >= half;
    of->newer_sum += i >= half ? d->done[i] : 0;
  }
  if (h[0].sum + h[1].sum < VSM_FORECAST_DONE_MIN)
    return VSM_FORECAST_FEW_DONE;
  return unlike(h) ? VSM_FORECAST_UNSTABLE : VSM_FORECAST_TOLD;
}

// --- the days ahead

uint32_t vsm_days_until(const struct vsm_days *d, uint64_t items, uint64_t seed, unsigned out[VSM_CHANCES]) {
  struct sample s;
  struct vsm_dice dice = {seed};
  uint32_t ends[VSM_FORECAST_AHEAD + 1] = {0}, trials = 0, drawn = 0, below = 0; // trials by the day of their end
  take_sample(d, d->n, &s);
  for (; trials < VSM_FORECAST_TRIALS && drawn < VSM_FORECAST_DRAWS; trials++) {
    uint64_t done = 0;
    unsigned day = 0;
    while (done < items && day < d->n_ahead)
      done += draw(&s, d->kind_ahead[day++], &dice);
    drawn += day;
    if (done >= items)
      ends[day]++;
  }
  unsigned day = 0;
  for (unsigned c = 0; c < VSM_CHANCES; c++) {
    uint64_t rank = vsm_chance_rank(vsm_chance_percent[c], trials);
    while (day <= d->n_ahead && below + ends[day] < rank)
      below += ends[day++];
    out[c] = day <= d->n_ahead ? day : 0;
  }
  return trials;
}

static uint64_t total(const struct sample *s, const uint8_t *kinds, unsigned horizon, struct vsm_dice *dice) {
  uint64_t done = 0;
  for (unsigned day = 0; day < horizon; day++)
    done += draw(s, kinds[day], dice);
  return done;
}

// The greatest number that at least `rank` of them reach.
static uint64_t reached_by(const uint64_t *numbers, uint32_t n, uint64_t rank) {
  uint64_t low = 0, high = UINT64_C(1) << 42; // low is reached by enough, high is not
  while (high - low > 1) {
    uint64_t mid = low + (high - low) / 2;
    uint32_t reach = 0;
    for (uint32_t i = 0; i < n; i++)
      reach += numbers[i] >= mid;
    if (reach >= rank)
      low = mid;
    else
      high = mid;
  }
  return low;
}

uint32_t vsm_days_count(const struct vsm_days *d, unsigned horizon, uint64_t seed, uint64_t *room,
                        uint64_t out[VSM_CHANCES]) {
  struct sample s;
  struct vsm_dice dice = {seed};
  uint32_t trials = horizon ? VSM_FORECAST_DRAWS / horizon : 1;
  trials = trials < VSM_FORECAST_TRIALS ? trials : VSM_FORECAST_TRIALS;
  take_sample(d, d->n, &s);
  for (uint32_t i = 0; i < trials; i++)
    room[i] = total(&s, d->kind_ahead, horizon, &dice);
  for (unsigned c = 0; c < VSM_CHANCES; c++)
    out[c] = reached_by(room, trials, vsm_chance_rank(vsm_chance_percent[c], trials));
  return trials;
}

// --- the days behind

static void test_day(const struct vsm_days *d, unsigned day, unsigned horizon, uint32_t trials, struct vsm_dice *dice,
                     struct vsm_back_test *out) {
  struct sample s;
  uint64_t truth = 0;
  uint32_t more = 0;
  for (unsigned i = 0; i < horizon; i++)
    truth += d->done[day + i];
  take_sample(d, day, &s);
  for (uint32_t i = 0; i < trials; i++)
    more += total(&s, d->kind + day, horizon, dice) > truth;
  out->tests++;
  for (unsigned c = 0; c < VSM_CHANCES; c++)
    out->inside[c] += more < vsm_chance_rank(vsm_chance_percent[c], trials);
}

void vsm_days_test(const struct vsm_days *d, unsigned horizon, uint64_t seed, struct vsm_back_test *out) {
  enum { TRIALS_LEAST = 100, TRIALS_MOST = 1000 };
  *out = (struct vsm_back_test){0};
  if (horizon == 0 || d->n < VSM_FORECAST_DAYS_MIN + horizon)
    return;
  struct vsm_dice dice = {seed};
  unsigned days = d->n - horizon - VSM_FORECAST_DAYS_MIN + 1; // on which it can be tried
  unsigned tests = VSM_FORECAST_DRAWS / TRIALS_LEAST / horizon;
  tests = tests < VSM_FORECAST_TESTS ? tests : VSM_FORECAST_TESTS;
  tests = tests < days ? tests : days;
  uint32_t trials = VSM_FORECAST_DRAWS / tests / horizon;
  trials = trials < TRIALS_MOST ? trials : TRIALS_MOST;
  for (unsigned i = 0; i < tests; i++) { // spread evenly, the newest among them
    unsigned day = d->n - horizon - (unsigned)((uint64_t)i * days / tests);
    if (vsm_days_trouble(d, day) == VSM_FORECAST_TOLD)
      test_day(d, day, horizon, trials, &dice, out);
  }
}
