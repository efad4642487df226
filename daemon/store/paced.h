// SQLite's files, written at a pace (store/pace.h): a database that is filled or changed in one large transaction,
// whose pages would leave for the disk all at once.
#pragma once

// Registers it, once in a process, and begins. The name to open a database with.
const char *vsm_paced(void);
