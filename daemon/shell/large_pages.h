// Memory in pages of 2 MB where the system has them on request: the state of many items lies far apart, and with pages
// of 4 KB a good part of an event's time goes into finding where.
#pragma once

// Called first in main(). Where the allocator must be asked before a program begins, this one begins anew, once, in the
// same process; where that cannot be, all goes on as it is.
void vsm_large_pages(char **argv);
