// One mapping of two halves, of a file or of memory. Events are appended to one half; when it is full the other is
// emptied and takes its place. So between half and all of the spool is kept, nothing is ever moved, and no room is
// asked for after the start.
//
// A half has a head (who, which epoch, how many halves were begun before) and records one behind the other. What a
// program wrote to a shared mapping is the system's, whatever becomes of the program; so all that matters is the order
// of writing. A record's length is written last, when the end mark (a length of 0) already stands behind it; a head
// loses its mark before it is changed, and gets it back last. So a program that ends at any moment leaves the old state
// or the new one.
//
// A power cut may leave anything. Checksums find what is not whole, and another boot than the one that wrote means that
// what was published last may not be there. Then numbers must not be given again: the next epoch begins, in the other
// half, and what is whole of the one before is still served.
#include "agents/lib/spool.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include "agents/lib/clock.h"
#include "agents/lib/outbatch.h"
#include "agents/lib/unpack.h"
#include "base/name.h"
#include "vsm/v1/event.pb-c.h"
#include "vsm/vsm.h"

#define MAGIC UINT64_C(0x6c6f6f70736d7376) // "vsmspool" where bytes are in our order
#define BOOT_ID "/proc/sys/kernel/random/boot_id"
enum {
  VERSION = 1,
  PAGE = 4096,
  HALF_BYTES_MIN = 256 * 1024,
  MARK_BYTES = 64 * 1024, // between places that are remembered
  REPLY_BYTES = 1024 * 1024,
  REPLY_ROOM = REPLY_BYTES + 512, // with all that is around the events
  REQUEST_ARENA_BYTES = 16 * 1024,
};

struct head {
  uint64_t magic, checksum; // of what follows
  uint32_t version, unused;
  uint64_t half_bytes, generation, epoch;
  char boot[40];
  char source[VSM_SOURCE_BYTES_MAX + 8];
};

struct record {
  uint32_t bytes, field_bytes; // bytes: with this head, in steps of 8; 0: the end
  uint64_t number, checksum;
};

struct mark {
  uint64_t number;
  size_t at;
};

struct half {
  uint8_t *p;
  uint64_t generation, epoch; // generation 0: empty
  size_t end;
  uint64_t first, last, last_event; // numbers; 0: none
  struct mark *marks;
  size_t n_marks;
  bool damaged; // behind `end`, or its head
};

struct vsm_spool {
  int fd; // -1: memory
  uint8_t *p;
  size_t half_bytes;
  struct half halves[2];
  unsigned current;
  char boot[40], source[VSM_SOURCE_BYTES_MAX + 1];
  bool doubtful; // what was published may not be there
  uint8_t *reply;
  struct vsm_arena arena;
};

_Static_assert(sizeof(struct head) % 8 == 0 && sizeof(struct record) % 8 == 0, "records are aligned");

// What was written before is there before what is written after.
static void in_order(void) {
  atomic_signal_fence(memory_order_seq_cst);
}

static struct head *head_of(const struct half *h) {
  return (struct head *)(void *)h->p;
}

static struct record *record_at(const struct half *h, size_t at) {
  return (struct record *)(void *)(h->p + at);
}

static uint64_t head_checksum(const struct head *head) {
  return XXH3_64bits(&head->version, sizeof *head - offsetof(struct head, version));
}

static uint64_t record_checksum(const struct half *h, const struct record *r) {
  return XXH3_64bits_withSeed(r + 1, r->field_bytes, h->generation * UINT64_C(0x9e3779b97f4a7c15) + r->number);
}

// --- records

static size_t record_bytes(size_t field_bytes) {
  return sizeof(struct record) + (field_bytes + 7) / 8 * 8;
}

static void note(struct half *h, const struct record *r, size_t at) {
  if (h->first == 0)
    h->first = r->number;
  h->last = r->number;
  if (r->field_bytes)
    h->last_event = r->number;
  if (h->n_marks == 0 || at - h->marks[h->n_marks - 1].at >= MARK_BYTES)
    h->marks[h->n_marks++] = (struct mark){r->number, at};
  h->end = at + r->bytes;
}

// Begins the other half.
static void turn(struct vsm_spool *s, uint64_t epoch) {
  uint64_t generation = s->halves[s->current].generation + 1;
  s->current = 1 - s->current;
  struct half *h = &s->halves[s->current];
  struct head *head = head_of(h);
  head->magic = 0;
  in_order();
  *head = (struct head){.version = VERSION, .half_bytes = s->half_bytes, .generation = generation, .epoch = epoch};
  memcpy(head->boot, s->boot, sizeof head->boot);
  memcpy(head->source, s->source, strlen(s->source));
  record_at(h, sizeof *head)->bytes = 0;
  head->checksum = head_checksum(head);
  in_order();
  head->magic = MAGIC;
  *h = (struct half){.p = h->p, .marks = h->marks, .generation = generation, .epoch = epoch, .end = sizeof *head};
}

void vsm_spool_put(struct vsm_spool *s, uint64_t number, const void *field, size_t n) {
  struct half *h = &s->halves[s->current];
  size_t bytes = record_bytes(n);
  if (h->end + bytes + sizeof(struct record) > s->half_bytes) {
    turn(s, h->epoch);
    h = &s->halves[s->current];
  }
  size_t at = h->end;
  struct record *r = record_at(h, at);
  r->field_bytes = (uint32_t)n;
  r->number = number;
  if (n)
    memcpy(r + 1, field, n);
  r->checksum = record_checksum(h, r);
  record_at(h, at + bytes)->bytes = 0;
  in_order();
  r->bytes = (uint32_t)bytes;
  note(h, r, at);
}

// --- opening

static bool is_whole(const struct vsm_spool *s, const struct half *h, size_t at) {
  const struct record *r = record_at(h, at);
  return r->bytes >= sizeof *r && at + r->bytes + sizeof *r <= s->half_bytes &&
         r->bytes == record_bytes(r->field_bytes) && r->number > h->last && r->checksum == record_checksum(h, r);
}

static bool is_sound(const struct head *head) {
  return head->magic == MAGIC && head->checksum == head_checksum(head);
}

// False: it is none of ours, and not to be touched.
static bool read_half(struct vsm_spool *s, struct half *h) {
  const struct head *head = head_of(h);
  h->end = sizeof *head;
  if (head->magic == 0)
    return true;
  h->damaged = !is_sound(head);
  if (h->damaged)
    return true;
  if (head->version != VERSION || head->half_bytes != s->half_bytes || strcmp(head->source, s->source) != 0)
    return false;
  h->generation = head->generation;
  h->epoch = head->epoch;
  while (record_at(h, h->end)->bytes != 0) {
    if (!is_whole(s, h, h->end)) {
      h->damaged = true;
      break;
    }
    note(h, record_at(h, h->end), h->end);
  }
  return true;
}

// The size of the halves of a file that is there; 0: it is new. A first half whose head was being written when its
// program ended does not say it.
static int read_size(const struct vsm_spool *s, size_t size, size_t *half_bytes) {
  struct head head;
  *half_bytes = 0;
  if (size == 0)
    return 0;
  if (pread(s->fd, &head, sizeof head, 0) != sizeof head || (head.magic != 0 && head.magic != MAGIC))
    return VSM_CLIENT_ESPOOL;
  *half_bytes = is_sound(&head) && head.half_bytes % PAGE == 0 ? head.half_bytes : size / 2 / PAGE * PAGE;
  return *half_bytes < HALF_BYTES_MIN || *half_bytes > SIZE_MAX / 4 ? VSM_CLIENT_ESPOOL : 0;
}

static int open_file(struct vsm_spool *s, const char *path) {
  struct stat st;
  size_t half_bytes;
  s->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (s->fd < 0 || flock(s->fd, LOCK_EX | LOCK_NB) != 0 || fstat(s->fd, &st) != 0 || !S_ISREG(st.st_mode))
    return VSM_CLIENT_ESPOOL;
  int err = read_size(s, (size_t)st.st_size, &half_bytes);
  if (err)
    return err;
  s->doubtful = half_bytes != 0 && (size_t)st.st_size != 2 * half_bytes; // something was cut off
  if (half_bytes)
    s->half_bytes = half_bytes;
  if ((size_t)st.st_size < 2 * s->half_bytes && posix_fallocate(s->fd, 0, (off_t)(2 * s->half_bytes)) != 0)
    return VSM_CLIENT_ESPOOL;
  return 0;
}

static int map(struct vsm_spool *s) {
  int flags = s->fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED;
  void *p = mmap(NULL, 2 * s->half_bytes, PROT_READ | PROT_WRITE, flags, s->fd, 0);
  if (p == MAP_FAILED)
    return s->fd < 0 ? VSM_CLIENT_ENOMEM : VSM_CLIENT_ESPOOL;
  s->p = p;
  for (unsigned i = 0; i < 2; i++) {
    s->halves[i].p = s->p + i * s->half_bytes;
    s->halves[i].marks = calloc(s->half_bytes / MARK_BYTES + 1, sizeof *s->halves[i].marks);
    if (!s->halves[i].marks)
      return VSM_CLIENT_ENOMEM;
    if (!read_half(s, &s->halves[i]))
      return VSM_CLIENT_ESPOOL;
  }
  s->current = s->halves[1].generation >= s->halves[0].generation;
  return 0;
}

// Where the numbers go on.
static int choose_epoch(struct vsm_spool *s, uint64_t wanted) {
  const struct half *now = &s->halves[s->current], *other = &s->halves[1 - s->current];
  bool known = now->generation && !s->doubtful && !now->damaged && *s->boot &&
               memcmp(head_of(now)->boot, s->boot, sizeof s->boot) == 0 && (other->generation || !other->damaged);
  if (known && (wanted == 0 || wanted == now->epoch))
    return 0;
  uint64_t above = now->generation ? now->epoch : 0, clock = vsm_clock_nanos() / 1000;
  if (wanted && wanted <= above)
    return VSM_CLIENT_EINVAL;
  turn(s, wanted ? wanted : clock > above ? clock : above + 1);
  return 0;
}

static void read_boot(struct vsm_spool *s, const char *told) {
  if (told) {
    snprintf(s->boot, sizeof s->boot, "%s", told);
    return;
  }
  int fd = open(BOOT_ID, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return;
  if (read(fd, s->boot, sizeof s->boot - 1) < 0)
    s->boot[0] = '\0';
  close(fd);
}

int vsm_spool_open(const struct vsm_spool_options *o, struct vsm_spool **out) {
  *out = NULL;
  struct vsm_spool *s = calloc(1, sizeof *s);
  if (!s)
    return VSM_CLIENT_ENOMEM;
  s->fd = -1;
  s->half_bytes = o->bytes / 2 / PAGE * PAGE;
  if (s->half_bytes < HALF_BYTES_MIN)
    s->half_bytes = HALF_BYTES_MIN;
  snprintf(s->source, sizeof s->source, "%s", o->source);
  vsm_arena_init(&s->arena, REQUEST_ARENA_BYTES);
  read_boot(s, o->boot);
  int err = o->path ? open_file(s, o->path) : 0;
  if (!err)
    err = map(s);
  if (!err)
    err = choose_epoch(s, o->epoch);
  if (err)
    vsm_spool_close(s);
  else
    *out = s;
  return err;
}

void vsm_spool_close(struct vsm_spool *s) {
  if (!s)
    return;
  if (s->p)
    munmap(s->p, 2 * s->half_bytes);
  if (s->fd >= 0)
    close(s->fd);
  free(s->halves[0].marks);
  free(s->halves[1].marks);
  free(s->reply);
  vsm_arena_fini(&s->arena);
  free(s);
}

uint64_t vsm_spool_epoch(const struct vsm_spool *s) {
  return s->halves[s->current].epoch;
}

uint64_t vsm_spool_last(const struct vsm_spool *s) {
  const struct half *now = &s->halves[s->current], *before = &s->halves[1 - s->current];
  return now->last || before->epoch != now->epoch ? now->last : before->last;
}

// --- reading

// The halves, the older one first.
static const struct half *half_at(const struct vsm_spool *s, unsigned i) {
  return &s->halves[i == 0 ? 1 - s->current : s->current];
}

struct vsm_spool_extent vsm_spool_extent(const struct vsm_spool *s, uint64_t epoch) {
  struct vsm_spool_extent x = {0};
  for (unsigned i = 0; i < 2; i++) {
    const struct half *h = half_at(s, i);
    if (h->epoch != epoch)
      continue;
    x.oldest = x.oldest ? x.oldest : h->first;
    x.newest = h->last_event ? h->last_event : x.newest;
  }
  return x;
}

uint64_t vsm_spool_epoch_after(const struct vsm_spool *s, uint64_t epoch) {
  for (unsigned i = 0; i < 2; i++)
    if (half_at(s, i)->epoch > epoch && half_at(s, i)->last_event)
      return half_at(s, i)->epoch;
  return 0;
}

// Where to begin to look for a number: at or before its record.
static size_t place(const struct half *h, uint64_t number) {
  size_t low = 0, high = h->n_marks; // the first mark above
  while (low < high) {
    size_t mid = (low + high) / 2;
    if (h->marks[mid].number <= number)
      low = mid + 1;
    else
      high = mid;
  }
  return low ? h->marks[low - 1].at : sizeof(struct head);
}

size_t vsm_spool_copy(const struct vsm_spool *s, uint64_t epoch, uint64_t first, uint64_t last, void *out,
                      size_t room) {
  size_t n = 0;
  for (unsigned i = 0; i < 2; i++) {
    const struct half *h = half_at(s, i);
    if (h->epoch != epoch || h->last < first)
      continue;
    for (size_t at = place(h, first); at < h->end; at += record_at(h, at)->bytes) {
      const struct record *r = record_at(h, at);
      if (r->number < first)
        continue;
      if (r->number > last || n + r->field_bytes > room)
        return n;
      memcpy((uint8_t *)out + n, r + 1, r->field_bytes);
      n += r->field_bytes;
    }
  }
  return n;
}

// --- answering

static uint8_t *put_varint(uint8_t *p, uint64_t v) {
  for (; v >= 0x80; v >>= 7)
    *p++ = (uint8_t)(v | 0x80);
  *p++ = (uint8_t)v;
  return p;
}

enum { REPLY_BATCH = 1 << 3 | 2, REPLY_OLDEST = 2 << 3, BEFORE_BATCH = 1 + 5 };

// A reply of a batch's head and some events, written from both sides of where they meet.
static const void *build(struct vsm_spool *s, uint64_t epoch, uint64_t first, uint64_t last, size_t *bytes) {
  Vsm__V1__EventBatch head = VSM__V1__EVENT_BATCH__INIT; // the events follow, one field each
  head.source = s->source;
  head.epoch = epoch;
  uint8_t *batch = s->reply + BEFORE_BATCH, length[10];
  size_t n = vsm__v1__event_batch__pack(&head, batch);
  n += vsm_spool_copy(s, epoch, first, last, batch + n, REPLY_BYTES);
  size_t length_bytes = (size_t)(put_varint(length, n) - length);
  uint8_t *begin = batch - length_bytes - 1;
  *begin = REPLY_BATCH;
  memcpy(begin + 1, length, length_bytes);
  uint8_t *end = batch + n;
  *end++ = REPLY_OLDEST;
  end = put_varint(end, vsm_spool_extent(s, epoch).oldest);
  *bytes = (size_t)(end - begin);
  return begin;
}

const void *vsm_spool_answer(struct vsm_spool *s, const void *request, size_t n, size_t *bytes) {
  vsm_arena_reset(&s->arena);
  const Vsm__V1__RecoverRequest *r = vsm_unpack(&s->arena, &vsm__v1__recover_request__descriptor, request, n);
  if (!r || (!s->reply && !(s->reply = malloc(REPLY_ROOM))))
    return NULL;
  uint64_t newer = vsm_spool_epoch_after(s, r->epoch);
  if (strcmp(r->source, s->source) != 0) // says whose events these are
    return build(s, r->epoch, 1, 0, bytes);
  if (newer && vsm_spool_extent(s, r->epoch).newest < r->first)
    return build(s, newer, 1, 0, bytes);
  return build(s, r->epoch, r->first, r->last, bytes);
}
