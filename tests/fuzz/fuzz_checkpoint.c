// A checkpoint of any bytes, signed, so that more than its checksum is looked at: it is refused, or it is some state,
// which then is written as bytes that are read again and are written as the same ones.
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

#include "conf/kept.h"
#include "store/checkpoint.h"
#include "store/little.h"
#include "tests/lib/rig_save.h"

enum { HEAD_BYTES = 48, SUM_BYTES = 8, POSITION = 1, POSITION_AT = 16, CONFIGURATION_AT = 40, BYTES_AT_ONCE = 100 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max); // the library's

static char directory[] = "/tmp/vsmd-fuzz.XXXXXX", path[sizeof directory + 16];

static void clean(void) {
  unlink(path);
  rmdir(directory);
}

static void make_directory(void) {
  if (path[0])
    return;
  if (!mkdtemp(directory))
    abort();
  snprintf(path, sizeof path, "%s/checkpoint.%d", directory, POSITION);
  atexit(clean);
}

// As one whose name says its position; the last bytes become the checksum.
static void write_signed(const uint8_t *data, size_t size) {
  unsigned char *bytes = malloc(size);
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  memcpy(bytes, data, size);
  vsm_little_put(bytes + POSITION_AT, POSITION, 8);
  vsm_little_put(bytes + size - SUM_BYTES, XXH3_64bits(bytes, size - SUM_BYTES), SUM_BYTES);
  if (fd < 0 || write(fd, bytes, size) != (ssize_t)size)
    abort();
  close(fd);
  free(bytes);
}

// Of the text that was read last, as most inputs have the same.
static const struct vsm_model *model_of(struct vsm_str text) {
  static struct vsm_config *config;
  static char *last;
  static size_t n;
  struct vsm_conf_report report;
  if (config && vsm_str_eq(text, (struct vsm_str){last, n}))
    return &config->model;
  free(last);
  vsm_config_destroy(config);
  config = NULL;
  last = malloc(text.n + 1);
  memcpy(last, text.p, text.n);
  n = text.n;
  int err = vsm_config_parse_kept(text, &config, &report);
  vsm_conf_report_fini(&report);
  return err ? NULL : &config->model;
}

static void load(const struct vsm_model *model, struct vsm_str state) {
  struct vsm_core *core, *again;
  if (rig_load(model, state, &core) != 0)
    return;
  struct vsm_str once = rig_save(core), twice;
  if (rig_load(model, once, &again) != 0)
    abort();
  twice = rig_save(again);
  if (!vsm_str_eq(once, twice))
    abort();
  free((char *)once.p);
  free((char *)twice.p);
  vsm_core_destroy(core);
  vsm_core_destroy(again);
}

// Mostly the state alone, as few changed configurations are any, and of few of those it is the state.
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed) {
  uint64_t configuration = size < HEAD_BYTES ? 0 : vsm_little_get(data + CONFIGURATION_AT, 8);
  bool of_state = seed % 8 > 0 && size > HEAD_BYTES + SUM_BYTES && configuration < size - HEAD_BYTES - SUM_BYTES;
  size_t at = of_state ? HEAD_BYTES + configuration : 0, behind = of_state ? SUM_BYTES : 0;
  return at + LLVMFuzzerMutate(data + at, size - at - behind, max - at - behind) + behind;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct vsm_checkpoint *c;
  struct vsm_journal_why why;
  if (size < HEAD_BYTES + SUM_BYTES)
    return 0;
  make_directory();
  write_signed(data, size);
  int result = vsm_checkpoint_open(directory, POSITION, &c, &why);
  if (result != 0)
    abort();
  while ((result = vsm_checkpoint_check(c, BYTES_AT_ONCE, &why)) == 1)
    continue;
  const struct vsm_model *model = result == 0 ? model_of(vsm_checkpoint_head(c)->configuration) : NULL;
  if (model)
    load(model, vsm_checkpoint_state(c));
  vsm_checkpoint_close(c);
  return 0;
}
