// A zone is the file of its name. Only where there is none are all names looked for, to find what may have been meant.
#include "conf/zones.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "conf/files.h"
#include "conf/load.h"
#include "conf/resolve.h"
#include "conf/tzif.h"
#include "core/calendar.h"

static const char *folder(void) {
  const char *dir = getenv("TZDIR");
  return dir && *dir ? dir : "/usr/share/zoneinfo";
}

// Names that were found, for hints.
struct names {
  struct vsm_conf_reader *r;
  const char **at;
  size_t n, cap;
};

enum { FOLDERS_DEEP = 3 }; // America/Indiana/Knox

// Names begin with a capital at the top: the others are tables, and other forms of the same zones.
static void collect(struct names *names, const char *prefix, unsigned deep) {
  DIR *dir = opendir(vsm_conf_copy(names->r, "%s/%s", folder(), prefix));
  struct dirent *e;
  while (dir && (e = readdir(dir)) != NULL) {
    if (strchr(e->d_name, '.') || (deep == 1 && (*e->d_name < 'A' || *e->d_name > 'Z')))
      continue;
    const char *name = vsm_conf_copy(names->r, "%s%s", prefix, e->d_name);
    struct stat st;
    if (stat(vsm_conf_copy(names->r, "%s/%s", folder(), name), &st) != 0)
      continue;
    if (S_ISDIR(st.st_mode) && deep < FOLDERS_DEEP)
      collect(names, vsm_conf_copy(names->r, "%s/", name), deep + 1);
    if (!S_ISREG(st.st_mode))
      continue;
    names->at = vsm_mem_grow(names->at, names->n, &names->cap, sizeof *names->at);
    names->at[names->n++] = name;
  }
  if (dir)
    closedir(dir);
}

static int by_name(const void *a, const void *b) {
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static const char *name_at(const void *of, size_t i) {
  const struct names *names = of;
  return i < names->n ? names->at[i] : NULL;
}

// "Chicago" for America/Chicago.
static const char *without_its_folder(const struct names *names, const char *given) {
  for (size_t i = 0; i < names->n; i++) {
    const char *slash = strrchr(names->at[i], '/');
    if (slash && strcasecmp(slash + 1, given) == 0)
      return vsm_conf_copy(names->r, "; did you mean \"%s\"? allowed:", names->at[i]);
  }
  return NULL;
}

static void complain_unknown(struct vsm_conf_reader *r, const struct vsm_conf_word *name) {
  struct names names = {.r = r};
  collect(&names, "", 1);
  if (names.n) {
    qsort(names.at, names.n, sizeof *names.at, by_name);
    const char *hint = without_its_folder(&names, name->z);
    vsm_conf_blame(r, name, "no time zone \"%s\" on this system%s a name as America/Chicago, or UTC", name->z,
                   hint ? hint : vsm_conf_hint(r->report, name->z, name_at, &names));
  } else {
    vsm_conf_blame(r, name, "no time zones in %s; allowed: tzdata there, or TZDIR set to the folder that has it",
                   folder());
  }
  free(names.at);
}

// A zone as it was kept, copied into the arena.
static bool kept_zone(struct vsm_conf_reader *r, const struct vsm_conf_word *name, struct vsm_zone *zone) {
  for (unsigned i = 0; i < r->kept->n_zones; i++) {
    const struct vsm_zone *kept = &r->kept->zones[i];
    if (strcmp(kept->name, name->z) != 0)
      continue;
    struct vsm_zone_change *changes = vsm_conf_alloc(r, kept->n_changes + 1, sizeof *changes);
    memcpy(changes, kept->changes, kept->n_changes * sizeof *changes);
    *zone = (struct vsm_zone){name->z, kept->offset_s, changes, kept->n_changes};
    return true;
  }
  vsm_conf_blame(r, name, "time zone \"%s\" was not kept", name->z);
  return false;
}

bool vsm_conf_zone(struct vsm_conf_reader *r, const struct vsm_conf_word *name, struct vsm_zone *zone) {
  if (r->kept)
    return kept_zone(r, name, zone);
  const char *path = vsm_conf_copy(r, "%s/%s", folder(), name->z), *why;
  size_t n;
  const char *bytes = vsm_conf_bytes(r, path, &n, &why);
  if (!bytes) {
    complain_unknown(r, name);
    return false;
  }
  if (vsm_tzif_read(r->arena, (const unsigned char *)bytes, n, zone, &why) != 0) {
    vsm_conf_blame(r, name, "time zone \"%s\": %s; allowed: a zone as tzdata has it, version 2 or later", name->z, why);
    return false;
  }
  zone->name = name->z;
  return true;
}

const char *vsm_zone_by_name(const char *name, struct vsm_arena *arena, struct vsm_zone *zone) {
  struct vsm_conf_report report;
  struct vsm_conf_reader r = {.arena = arena, .report = &report, .file = ""};
  const char *why = NULL;
  vsm_conf_report_init(&report);
  if (!vsm_conf_zone(&r, &(struct vsm_conf_word){.z = name, .file = ""}, zone))
    why = vsm_conf_copy(&r, "%s", report.n_mistakes ? report.mistakes[0].text : "no such time zone");
  vsm_conf_report_fini(&report);
  return why;
}
