#include "spooled.h"

#include <stdio.h>
#include <string.h>

#include "cmd.h"

enum { TEXT_MAX = 1024 };

bool vsm_spooled_check(const struct vsm_spooled *s, const char *pub) {
  bool given = s->recover || s->spool || s->bytes;
  if (given && !pub)
    fprintf(stderr, "vsm: --recover, --spool and --spool-bytes need --pub; what is acked needs no spool\n");
  else if (s->bytes && !s->recover && !s->spool)
    fprintf(stderr, "vsm: --spool-bytes needs --recover or --spool\n");
  else
    return true;
  return false;
}

// The text with the source in each {source}; as a part of a name, so without slashes. NULL: there is none.
static const char *fill(const char *text, const char *source, char out[TEXT_MAX]) {
  static const char place[] = "{source}";
  size_t n = 0;
  while (text && *text && n + 1 < TEXT_MAX) {
    if (strncmp(text, place, sizeof place - 1) != 0) {
      out[n++] = *text++;
      continue;
    }
    text += sizeof place - 1;
    for (const char *p = source; *p && n + 1 < TEXT_MAX; p++)
      out[n++] = *p == '/' ? '_' : *p;
  }
  out[n] = '\0';
  return text ? out : NULL;
}

int vsm_spooled_create(const struct vsm_spooled *s, const struct vsm_emitter_options *options,
                       struct vsm_emitter **out) {
  char recover[TEXT_MAX], spool[TEXT_MAX];
  struct vsm_emitter_options o = *options;
  const char *source = o.source ? o.source : "";
  o.recover = fill(s->recover, source, recover);
  o.spool_path = fill(s->spool, source, spool);
  o.spool_bytes = s->bytes;
  o.keys = vsm_cli_keys();
  int err = vsm_emitter_create(&o, out);
  if (err == VSM_CLIENT_ESPOOL)
    fprintf(stderr, "vsm: --spool %s: %s\n", o.spool_path ? o.spool_path : "", vsm_client_error(err));
  else if (err && o.recover)
    fprintf(stderr, "vsm: source %s cannot send to %s, or bind %s, which is one for each source ({source}): %s\n",
            source, o.publish, o.recover, vsm_client_error(err));
  else if (err)
    vsm_say_endpoint(o.submit ? o.submit : o.publish, err);
  return err;
}
