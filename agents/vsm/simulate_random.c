// Chance from a seed: xoshiro256**, seeded by splitmix64. Durations are whole milliseconds, so that the last bit of a
// logarithm does not show.
#include "simulate.h"

#include <math.h>

static uint64_t splitmix(uint64_t *x) {
  uint64_t z = (*x += UINT64_C(0x9e3779b97f4a7c15));
  z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
  return z ^ (z >> 31);
}

static uint64_t rotate(uint64_t x, int k) {
  return (x << k) | (x >> (64 - k));
}

void vsm_sim_random_init(struct vsm_sim_random *r, uint64_t seed) {
  for (int i = 0; i < 4; i++)
    r->s[i] = splitmix(&seed);
}

static uint64_t next(struct vsm_sim_random *r) {
  uint64_t *s = r->s, result = rotate(s[1] * 5, 7) * 9, t = s[1] << 17;
  s[2] ^= s[0];
  s[3] ^= s[1];
  s[1] ^= s[2];
  s[0] ^= s[3];
  s[2] ^= t;
  s[3] = rotate(s[3], 45);
  return result;
}

double vsm_sim_random_unit(struct vsm_sim_random *r) {
  return (double)(next(r) >> 11) * 0x1p-53;
}

static int64_t whole_ms(double us) {
  int64_t ms = (int64_t)(us / 1000 + 0.5);
  return (ms > 0 ? ms : 1) * 1000;
}

int64_t vsm_sim_random_exponential(struct vsm_sim_random *r, double mean) {
  return whole_ms(-log(1 - vsm_sim_random_unit(r)) * mean);
}

int64_t vsm_sim_random_span(struct vsm_sim_random *r, const struct vsm_sim_span *span) {
  double u = 1 - vsm_sim_random_unit(r), v = vsm_sim_random_unit(r);
  double normal = sqrt(-2 * log(u)) * cos(6.283185307179586 * v);
  double us = (double)span->median_us * exp(span->sigma * normal), most = (double)span->max_us;
  if (us < most)
    return whole_ms(us);
  // Too long: anywhere beyond p85 instead, so that the quantiles stay and no crowd stands at the longest.
  double p85 = (double)span->median_us * exp(span->sigma * VSM_SIM_Z85);
  us = p85 * pow(most / p85, vsm_sim_random_unit(r));
  return us < most ? whole_ms(us) : span->max_us;
}
