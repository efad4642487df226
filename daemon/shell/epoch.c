#include "shell/epoch.h"

#include "shell/log.h"
#include "store/epoch.h"

uint64_t vsm_epoch_begin(const char *directory, uint64_t least) {
  uint64_t epoch;
  struct vsm_journal_why why;
  if (vsm_epoch_take(directory, least, &epoch, &why) != 0)
    vsm_log("epoch_failed", "epoch=%llu why=\"%s\"", (unsigned long long)epoch, why.text);
  return epoch;
}
