// What every cmocka test includes, in the order that cmocka wants.
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

// A small seeded generator, the same everywhere (splitmix64).
static inline uint64_t test_random(uint64_t *seed) {
  uint64_t z = (*seed += UINT64_C(0x9e3779b97f4a7c15));
  z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
  return z ^ (z >> 31);
}

// 0 .. n - 1.
static inline uint64_t test_below(uint64_t *seed, uint64_t n) {
  return test_random(seed) % n;
}
