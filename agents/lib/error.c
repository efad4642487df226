#include "vsm/vsm.h"

const char *vsm_client_error(int err) {
  switch ((enum vsm_client_err)err) {
#define X(name, code, text)                                                                                            \
  case VSM_CLIENT_E##name:                                                                                             \
    return text;
    VSM_CLIENT_ERRORS(X)
#undef X
  }
  return err == 0 ? "done" : "unknown error";
}
