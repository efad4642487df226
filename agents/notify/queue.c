#include "agents/notify/queue.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static void add(struct vsm_store *st, int64_t group, const struct vsm_page *p, const char *recipient,
                const char *body) {
  vsm_store_do(st, VSM_SQL_MESSAGE_ADD, "tttitii", p->delivery, p->receiver, recipient, group, body, p->made_us,
               p->made_us);
}

static const char *address_of_owner(const struct vsm_mail_settings *m, const char *owner) {
  for (unsigned i = 0; i < m->to_owner.n; i++)
    if (strcmp(m->to_owner.at[i].name.z, owner) == 0)
      return m->to_owner.at[i].value.z;
  return NULL;
}

void vsm_queue_add(struct vsm_store *st, const struct vsm_settings *s, int64_t group, const struct vsm_page *page) {
  const struct vsm_receiver *to = vsm_settings_receiver(s, page->receiver);
  char *body = vsm_page_json(page);
  const char *owner = to && to->channel == VSM_MAIL ? address_of_owner(&to->mail, page->owner) : NULL;
  if (!to || to->channel != VSM_MAIL || owner)
    add(st, group, page, owner ? owner : "", body);
  else
    for (unsigned i = 0; i < to->mail.to.n; i++)
      add(st, group, page, to->mail.to.at[i].z, body);
  free(body);
}

// The first address is written where there is none, so that the order stays; the others are for copies.
static void address(struct vsm_store *st, const struct vsm_mail_settings *m, int64_t id, const char *owner) {
  const char *of_owner = address_of_owner(m, owner);
  for (unsigned i = 1; !of_owner && i < m->to.n; i++)
    vsm_store_do(st, VSM_SQL_MESSAGE_COPY, "ti", m->to.at[i].z, id);
  vsm_store_do(st, VSM_SQL_MESSAGE_ADDRESS, "ti", of_owner ? of_owner : m->to.at[0].z, id);
}

static char *owner_of(const char *body) {
  json_t *message = json_loads(body, 0, NULL);
  const char *owner = json_string_value(json_object_get(message, "owner"));
  char *copied = vsm_mem_copy(vsm_str_of(owner ? owner : ""));
  json_decref(message);
  return copied;
}

// What has no address is read before any of it is changed.
void vsm_queue_address(struct vsm_store *store, const struct vsm_receiver *to, int64_t under_way) {
  struct bare {
    int64_t id;
    char *owner;
  } *at = NULL;
  size_t n = 0, cap = 0;
  struct sqlite3_stmt *st = vsm_store_ask(store, VSM_SQL_MESSAGE_BARE, "ti", to->id.z, under_way);
  while (vsm_store_row(store, st)) {
    at = vsm_mem_grow(at, n, &cap, sizeof *at);
    at[n++] = (struct bare){vsm_store_int(st, 0, 0), owner_of(vsm_store_text(st, 1))};
  }
  for (size_t i = 0; i < n; i++) {
    address(store, &to->mail, at[i].id, at[i].owner);
    free(at[i].owner);
  }
  free(at);
}

static char *copy(struct sqlite3_stmt *st, int column) {
  return vsm_mem_copy(vsm_str_of(vsm_store_text(st, column)));
}

bool vsm_queue_next(struct vsm_store *store, const char *receiver, struct vsm_message *out) {
  bool found = false;
  struct sqlite3_stmt *st = vsm_store_ask(store, VSM_SQL_MESSAGE_NEXT, "t", receiver);
  while (vsm_store_row(store, st)) {
    found = true;
    *out = (struct vsm_message){.id = vsm_store_int(st, 0, 0),
                                .delivery = copy(st, 1),
                                .recipient = copy(st, 2),
                                .body = copy(st, 3),
                                .made_us = vsm_store_int(st, 4, 0),
                                .tries = vsm_store_int(st, 5, 0),
                                .due_us = vsm_store_int(st, 6, 0)};
  }
  return found;
}

void vsm_queue_free(struct vsm_message *m) {
  free(m->delivery);
  free(m->recipient);
  free(m->body);
  *m = (struct vsm_message){0};
}

void vsm_queue_done(struct vsm_store *st, int64_t id) {
  vsm_store_do(st, VSM_SQL_MESSAGE_DONE, "i", id);
}

void vsm_queue_later(struct vsm_store *st, int64_t id, int64_t due_us) {
  vsm_store_do(st, VSM_SQL_MESSAGE_LATER, "ii", due_us, id);
}

void vsm_queue_back(struct vsm_store *st, const char *receiver, int64_t now_us) {
  vsm_store_do(st, VSM_SQL_MESSAGE_NOW, "it", now_us, receiver);
}

void vsm_queue_wake(struct vsm_store *st, int64_t now_us, int64_t most_us) {
  vsm_store_do(st, VSM_SQL_MESSAGE_CLAMP, "i", now_us + most_us);
}

int64_t vsm_queue_oldest(struct vsm_store *store, int64_t *n) {
  int64_t made_us = INT64_MAX;
  struct sqlite3_stmt *st = vsm_store_ask(store, VSM_SQL_MESSAGE_OLDEST, "");
  *n = 0;
  while (vsm_store_row(store, st)) {
    made_us = vsm_store_int(st, 0, INT64_MAX);
    *n = vsm_store_int(st, 1, 0);
  }
  return made_us;
}

int64_t vsm_queue_backoff(const struct vsm_settings *s, int64_t tries, double random) {
  int64_t most_us = s->notify.retry.most.us, us = s->notify.retry.first.us;
  for (; tries > 0 && us < most_us; tries--)
    us *= 2;
  us = us < most_us ? us : most_us;
  return us / 2 + (int64_t)((double)us / 2 * random);
}
