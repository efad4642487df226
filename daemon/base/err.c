#include "base/err.h"

const char *vsm_err_text(int err) {
  switch ((enum vsm_err)err) {
#define X(name, code, text)                                                                                            \
  case VSM_E##name:                                                                                                    \
    return text;
    VSM_ERRORS(X)
#undef X
  }
  return err == 0 ? "done" : "unknown error";
}
