// How a command that stays learns that it is to end.
#pragma once

// From now on SIGINT and SIGTERM are something to read here, and end nothing. -1: no descriptor is left.
int vsm_stop_open(void);
