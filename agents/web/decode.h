// Percent-encoded text of addresses.
#pragma once
#include <stdbool.h>

// In place. False: a % without two digits, a NUL, or what is not UTF-8 once decoded.
bool vsm_decode(char *text);
bool vsm_decode_plus(char *text); // + is a blank, as behind the ?
