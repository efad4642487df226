#include <stdio.h>

#include "base/key.h"
#include "cmd.h"

int vsm_cmd_keygen(int argc, char **argv) {
  bool json = false;
  const struct vsm_flag flags[] = {{"json", VSM_FLAG, &json, NULL, "the names and the public key as JSON"}};
  const struct vsm_usage usage = {
      "vsm keygen NAME",
      "Makes a key: NAME.key, which only you can read and which is not to leave this machine, and NAME.pub, to be "
      "given "
      "to whoever is\nto know you: a daemon's to its clients (--server-key), a client's to the daemon's clients file. "
      "See docs/security.md.",
      "  vsm keygen vsmd\n  vsm keygen ~/.config/vsm/default\n",
      VSM_ARRAY(flags),
      1,
      1};
  char public_key[VSM_KEY_CHARS + 1], why[VSM_KEY_WHY_BYTES];
  int n, status = vsm_options(argc, argv, &usage, &n);
  if (status >= 0)
    return status;
  if (vsm_keys_make(argv[1], public_key, why, sizeof why) != 0) {
    fprintf(stderr, "vsm: %s\n", why);
    return VSM_FAILED;
  }
  if (json)
    printf("{\"key\": \"%s.key\", \"public\": \"%s.pub\", \"public_key\": \"%s\"}\n", argv[1], argv[1], public_key);
  else
    printf("%s.key is yours alone; %s.pub can be given away:\npublic_key: \"%s\"\n", argv[1], argv[1], public_key);
  return VSM_DONE;
}
