// The text of a file is looked through for names and values alone, so that files of other programs can be read too
// (`secret-key = "..."`), and one that holds nothing but the key. A secret lies in pages of its own, which are wiped
// and given back, and which no core dump has; so does the text that it was found in.
#include "base/key.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_BYTES_MAX = 4096 };

static const char z85[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";

// Read into, and given away as the key that was found.
struct page {
  struct vsm_key key;
  char text[FILE_BYTES_MAX + 1];
};

bool vsm_key_well_formed(const char *text) {
  return strlen(text) == VSM_KEY_CHARS && strspn(text, z85) == VSM_KEY_CHARS;
}

static struct page *page_create(void) {
  struct page *p = mmap(NULL, sizeof *p, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (p == MAP_FAILED)
    return NULL;
  madvise(p, sizeof *p, MADV_DONTDUMP);
  mlock(p, sizeof *p); // not to be swapped out, where the limits allow it
  return p;
}

static void page_destroy(struct page *p) {
  explicit_bzero(p, sizeof *p);
  munmap(p, sizeof *p);
}

void vsm_key_destroy(struct vsm_key *key) {
  if (key)
    page_destroy((struct page *)key);
}

// The value behind a name that begins a line, "public" or "secret".
static void find(const char *text, const char *name, char out[VSM_KEY_CHARS + 1]) {
  for (const char *line = text; line; line = strchr(line, '\n')) {
    line += strspn(line, "\r\n\t ");
    const char *value = line + strlen(name);
    if (strncmp(line, name, strlen(name)) != 0 || (strncmp(value, "_key", 4) != 0 && strncmp(value, "-key", 4) != 0))
      continue;
    value += 4;
    value += strspn(value, " \t");
    if (*value != ':' && *value != '=')
      continue;
    value++;
    value += strspn(value, " \t");
    bool quoted = *value == '"' || *value == '\'';
    value += quoted;
    size_t n = strcspn(value, quoted ? "\"'\r\n" : " \t\r\n");
    if (n == VSM_KEY_CHARS && strspn(value, z85) >= VSM_KEY_CHARS)
      memcpy(out, value, VSM_KEY_CHARS);
  }
}

static const char *read_text(struct page *p, const char *path) {
  struct stat st;
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); // a pipe would let open() wait
  ssize_t n = fd < 0 || fstat(fd, &st) != 0 ? -1 : S_ISREG(st.st_mode) ? read(fd, p->text, sizeof p->text) : 0;
  const char *why = n < 0 ? strerror(errno) : (size_t)n >= sizeof p->text ? "too large for a file of a key" : NULL;
  if (fd >= 0)
    close(fd);
  if (why)
    return why;
  p->text[n] = '\0';
  p->key.exposed = (st.st_mode & S_IROTH) != 0;
  return NULL;
}

// A file with nothing but the key: the one that is needed.
static void find_bare(struct page *p, char out[VSM_KEY_CHARS + 1]) {
  char *word = p->text + strspn(p->text, " \t\r\n");
  word[strcspn(word, " \t\r\n")] = '\0';
  if (vsm_key_well_formed(word))
    memcpy(out, word, VSM_KEY_CHARS);
}

struct vsm_key *vsm_key_read(const char *path, bool secret, char why[VSM_KEY_WHY_BYTES]) {
  struct page *p = page_create();
  const char *wrong = p ? read_text(p, path) : "out of memory";
  char *needed = p ? secret ? p->key.secret_key : p->key.public_key : NULL;
  if (!wrong) {
    find(p->text, "public", p->key.public_key);
    find(p->text, "secret", p->key.secret_key);
    if (!*needed)
      find_bare(p, needed);
    if (!*needed)
      wrong = secret ? "holds no secret key; allowed: a file that vsm keygen made"
                     : "holds no public key; allowed: a file that vsm keygen made";
    explicit_bzero(p->text, sizeof p->text);
    if (!secret)
      explicit_bzero(p->key.secret_key, sizeof p->key.secret_key);
  }
  if (!wrong)
    return (void *)p; // not its member alone: who destroys it wipes all of the page
  snprintf(why, VSM_KEY_WHY_BYTES, "%s: %s", path, wrong);
  if (p)
    page_destroy(p);
  return NULL;
}
