// * alone is special. The last star seen takes one character more whenever what follows it does not fit.
#include "core/model.h"

bool vsm_glob_match(struct vsm_str glob, struct vsm_str text) {
  size_t g = 0, t = 0, star = SIZE_MAX, mark = 0;
  while (t < text.n) {
    if (g < glob.n && glob.p[g] == '*') {
      star = g++;
      mark = t;
    } else if (g < glob.n && glob.p[g] == text.p[t]) {
      g++;
      t++;
    } else if (star != SIZE_MAX) {
      g = star + 1;
      t = ++mark;
    } else {
      return false;
    }
  }
  while (g < glob.n && glob.p[g] == '*')
    g++;
  return g == glob.n;
}
