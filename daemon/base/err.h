// Errors of functions: 0 or a negative enum vsm_err. One table, so that text and code cannot part.
#pragma once

#define VSM_ERRORS(X)                                                                                                  \
  X(NOMEM, 1, "out of memory")                                                                                         \
  X(INVAL, 2, "invalid argument")                                                                                      \
  X(NOENT, 3, "not found")                                                                                             \
  X(LIMIT, 4, "a limit was reached")                                                                                   \
  X(FORMAT, 5, "malformed input")                                                                                      \
  X(IO, 6, "input/output error")                                                                                       \
  X(INUSE, 7, "address already in use")                                                                                \
  X(CONFIG, 8, "the configuration has mistakes")                                                                       \
  X(AGAIN, 9, "not now, try again")                                                                                    \
  X(AMBIGUOUS, 10, "found in several value streams")

enum vsm_err {
#define X(name, code, text) VSM_E##name = -(code),
  VSM_ERRORS(X)
#undef X
};

// Static text for an error of this table.
const char *vsm_err_text(int err);
