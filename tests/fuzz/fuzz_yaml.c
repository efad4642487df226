// Bytes as a configuration file: mistakes have a place, and what loads prints to what loads and prints to the same.
#include <assert.h>
#include <stdlib.h>

#include "conf/conf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

// What is printed of a text, for free(); NULL: it has mistakes.
static char *printed(const char *text) {
  struct vsm_config *config;
  struct vsm_conf_report report;
  char *out = NULL;
  size_t n;
  int err = vsm_config_parse("fuzz.yaml", text, &config, &report);
  assert((err == 0) == (report.n_mistakes == 0) && (err == 0) == (config != NULL));
  for (unsigned i = 0; i < report.n_mistakes; i++)
    assert(report.mistakes[i].line > 0 && report.mistakes[i].column > 0 && report.mistakes[i].text[0]);
  if (config) {
    FILE *f = open_memstream(&out, &n);
    vsm_config_print(config, f);
    fclose(f);
  }
  vsm_conf_report_fini(&report);
  vsm_config_destroy(config);
  return out;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  char *text = strndup((const char *)data, size);
  char *once = printed(text);
  char *twice = once ? printed(once) : NULL;
  if (once && (!twice || strcmp(once, twice) != 0)) {
    fprintf(stderr, "--- once\n%s--- again\n%s", once, twice ? twice : "(mistakes)\n");
    abort();
  }
  free(twice);
  free(once);
  free(text);
  return 0;
}
