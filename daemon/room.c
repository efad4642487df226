// Is there memory for more items, and for another configuration? Where more is taken than limits.memory, as many items
// as are held now are all that are: closed ones make room, events of new ones are refused, those of known ones go on.
// It is looked at often enough that a flood does not take much more meanwhile, and seldom enough to cost nothing. How
// much is taken differs from one run to the next, so what follows from it is a record of the journal, like all that
// changes the state.
//
// Memory that items leave is mostly used by others again; so what counts is what the process takes, and before anybody
// is refused, what the C library keeps is given back.
#include <stdio.h>

#include "core/view.h"
#include "parts.h"
#include "shell/process.h"

#define LOOK_EVERY_US (VSM_SECOND_US / 10)
#define TRIM_EVERY_US (10 * VSM_SECOND_US)
#define READING_BYTES (UINT64_C(16) << 20)         // more than the largest configuration takes while it is read
enum { ORDERS_BYTES_MAX = 16 << 20 };              // more than a turn receives beyond where receiving stops
enum { DEFAULT_SHARE = 2, ROOM_AGAIN_SHARE = 10 }; // 1/2 of what there is; again where 1/10 less is taken

static uint64_t memory_max(const struct vsm_daemon *d, const struct vsm_config *config) {
  int64_t configured = config->daemon.limit_memory_bytes;
  return configured > 0 ? (uint64_t)configured : d->memory_there / DEFAULT_SHARE;
}

uint64_t vsm_daemon_memory_max(const struct vsm_daemon *d) {
  return memory_max(d, d->config);
}

// The figures of before are there until the new ones are: with the shipped configuration that was a tenth of all, and
// half is asked for. Once items are folded there is no way back, so it is asked before, when nothing has changed.
char *vsm_daemon_lacks_room(const struct vsm_daemon *d, const struct vsm_config *fresh) {
  uint64_t taken = vsm_process_resident_bytes(), need = READING_BYTES + (fresh ? taken / 2 : 0), most = d->memory_there;
  uint64_t old = vsm_daemon_memory_max(d), max = fresh && memory_max(d, fresh) > old ? memory_max(d, fresh) : old;
  if (fresh && max * DEFAULT_SHARE < most)
    most = max * DEFAULT_SHARE;
  bool allowed = taken + need <= most;
  if (allowed && vsm_process_can_take(need))
    return NULL;
  char *text;
  int n = asprintf(&text,
                   "%s: there may not be memory for it: %llu MB are taken, it may take %llu MB more, and %s; the "
                   "configuration in force stays. Raise limits.memory, or restart, which needs the memory once\n",
                   d->options.config, (unsigned long long)(taken / 1000000), (unsigned long long)(need / 1000000),
                   allowed ? "the system does not give them" : "twice limits.memory, or what there is, is less");
  return n < 0 ? NULL : text;
}

static void set_room(struct vsm_daemon *d, uint64_t items, struct vsm_time now) {
  if (d->keep && vsm_keep_room(d->keep, items, now) != 0)
    return; // the journal has failed, and nothing is received
  vsm_core_set_room(d->core, items);
}

static uint64_t taken(struct vsm_daemon *d, uint64_t most, int64_t boot_us) {
  uint64_t bytes = vsm_process_resident_bytes();
  if (bytes <= most || boot_us - d->trimmed_boot_us < TRIM_EVERY_US)
    return bytes;
  d->trimmed_boot_us = boot_us;
  vsm_process_trim();
  return vsm_process_resident_bytes();
}

void vsm_daemon_look_at_memory(struct vsm_daemon *d, int64_t boot_us, struct vsm_time now) {
  if (boot_us - d->memory_boot_us < LOOK_EVERY_US)
    return;
  d->memory_boot_us = boot_us;
  uint64_t most = vsm_daemon_memory_max(d), bytes = taken(d, most, boot_us), held = vsm_core_items_held(d->core);
  if (bytes > most && vsm_core_room(d->core) == 0)
    set_room(d, held > 0 ? held : 1, now);
  else if (bytes < most - most / ROOM_AGAIN_SHARE && vsm_core_room(d->core) > 0)
    set_room(d, 0, now);
}

const char *vsm_daemon_refuses_orders(const struct vsm_daemon *d) {
  if (d->keep && vsm_journal_state(vsm_keep_journal(d->keep)).health == VSM_JOURNAL_FAILED)
    return "acks stand still until a restart (vsm status says why): nothing can be ordered until then";
  return vsm_ingest_waiting_bytes(d->ingest) > ORDERS_BYTES_MAX
             ? "16 MiB wait for the disk already (vsm status says why): ask again when that is over"
             : NULL;
}
