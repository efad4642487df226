// Topics of an MQTT broker as the outlet of a system, with QoS 1 and a session that the broker keeps while we are away:
// what it has not heard the PUBACK of it sends again.
//
// libmosquitto queues the PUBACK before it shows the message, and has no call to delay it. But of a client that says it
// has threads of its own (mosquitto_threaded_set) it writes what is queued in mosquitto_loop_write() alone. So the loop
// is run by hand: read what has come, wait until the daemon has acked it, and only then write. Where the daemon does
// not ack, the connection is dropped with what is queued, and the broker sends the messages again on the next one.
//
// How many messages are in flight so the broker bounds (mosquitto's max_inflight_messages, 20).
#include "agent.h"

#include <mosquitto.h>
#include <poll.h>
#include <errno.h>
#include <string.h>

#include "agents/lib/secret.h"
#include "base/mem.h"
#include "cmd.h"
#include "conf/files.h"
#include "conf/forms.h"

enum {
  PORT = 1883,
  PORT_TLS = 8883,
  KEEPALIVE_SECONDS = 60,
  LOOK_MS = 1000,
  MESSAGES_MAX = 1000,
  TOPICS_MAX = 100,
  LEVELS_MAX = 100
};
enum { REFUSED = 128 }; // of a subscription's granted QoS

struct settings {
  struct vsm_conf_word broker, client_id, user, password_file, ca_file, cert_file, key_file;
  struct vsm_conf_words topics;
  int64_t port; // -1: the usual one
  struct vsm_record_map event;
};

struct agent {
  struct settings set;
  const char *password, *ca, *cert, *key; // as paths from here; NULL: none
  char **topics;
  struct mosquitto *client; // NULL: not connected
  struct vsm_agent_out *out;
  struct vsm_record message; // at hand
  unsigned taken;            // messages since the last PUBACKs
  bool subscribed, failed;   // failed: said
};

// --- the file

static const char *form_topic(const char *text, size_t *at) {
  *at = 0;
  return mosquitto_sub_topic_check(text) == MOSQ_ERR_SUCCESS
             ? NULL
             : "no topic; allowed: levels apart by /, of which one may be +, and the last #";
}

#define AT(member) .offset = offsetof(struct settings, member)
#define WORD(k, member, form, needed)                                                                                  \
  { .key = k, .type = &VSM_T_WORD, AT(member), .check = form, .flags = needed }
static const struct vsm_conf_field FIELDS[] = {
    WORD("broker", broker, vsm_form_text, VSM_CONF_REQUIRED),
    {.key = "port", .type = &VSM_T_COUNT, AT(port), .least = 1, .most = 65535},
    WORD("client_id", client_id, vsm_form_id, VSM_CONF_REQUIRED),
    {.key = "topics",
     .type = &VSM_T_WORDS,
     AT(topics),
     .check = form_topic,
     .least = 1,
     .most = TOPICS_MAX,
     .flags = VSM_CONF_REQUIRED | VSM_CONF_ONE},
    WORD("user", user, vsm_form_text, 0),
    WORD("password_file", password_file, vsm_form_text, 0),
    WORD("ca_file", ca_file, vsm_form_text, 0),
    WORD("cert_file", cert_file, vsm_form_text, 0),
    WORD("key_file", key_file, vsm_form_text, 0),
    {.key = "event", .type = &VSM_T_MAP, AT(event), .map = &VSM_RECORD_MAP, .flags = VSM_CONF_REQUIRED},
};
static const struct vsm_conf_map ROOT = {
    .what = "the file", .fields = FIELDS, .n_fields = sizeof FIELDS / sizeof *FIELDS, .size = sizeof(struct settings)};

static const char *path_of(struct vsm_conf_reader *r, const struct vsm_conf_word *w) {
  return w->z ? vsm_conf_beside(r, w->z) : NULL;
}

static int begin(void *ctx, struct vsm_conf_reader *r) {
  struct agent *a = ctx;
  a->password = path_of(r, &a->set.password_file);
  a->ca = path_of(r, &a->set.ca_file);
  a->cert = path_of(r, &a->set.cert_file);
  a->key = path_of(r, &a->set.key_file);
  a->topics = vsm_conf_alloc(r, a->set.topics.n, sizeof *a->topics);
  for (unsigned i = 0; i < a->set.topics.n; i++)
    a->topics[i] = (char *)a->set.topics.at[i].z;
  return VSM_DONE;
}

// --- messages

static void say(const struct agent *a, const char *what, const char *detail) {
  fprintf(stderr, "%s: %s%s%s\n", a->set.broker.z, what, detail ? ": " : "", detail ? detail : "");
}

static bool good(struct agent *a, const char *what, int rc) {
  if (rc == MOSQ_ERR_SUCCESS)
    return true;
  if (!a->failed)
    say(a, what, rc == MOSQ_ERR_ERRNO ? strerror(errno) : mosquitto_strerror(rc));
  a->failed = true;
  return false;
}

// {data.topic}, and its levels, {data.topic.1} and so on.
static void add_topic(struct vsm_record *r, const char *topic) {
  vsm_record_add(r, "topic", topic);
  for (int i = 1; topic && i <= LEVELS_MAX; i++) {
    size_t n = strcspn(topic, "/");
    vsm_record_add(r, vsm_mem_need(vsm_arena_printf(&r->arena, "topic.%d", i), 0),
                   vsm_mem_need(vsm_arena_strndup(&r->arena, topic, n), 0));
    topic = topic[n] ? topic + n + 1 : NULL;
  }
}

// The topic comes last, so that no member of a payload stands for it.
static void on_message(struct mosquitto *client, void *ctx, const struct mosquitto_message *m) {
  struct agent *a = ctx;
  const char *payload = m->payload ? m->payload : ""; // libmosquitto puts a NUL behind it
  size_t n = (size_t)m->payloadlen;
  (void)client;
  a->taken++;
  if (a->failed || (a->failed = vsm_agent_out_open(a->out, a->set.broker.z) != VSM_DONE))
    return;
  vsm_record_clear(&a->message);
  if (!vsm_record_add_members(&a->message, "", payload, n) && !memchr(payload, '\0', n))
    vsm_record_add(&a->message, "payload", payload);
  add_topic(&a->message, m->topic);
  const struct vsm_emitter_event record = vsm_record_raw(&a->message);
  a->failed = vsm_agent_out_take(a->out, &record, 0) != VSM_DONE;
}

// --- the connection

static void on_connect(struct mosquitto *client, void *ctx, int refused) {
  struct agent *a = ctx;
  if (refused) {
    say(a, mosquitto_connack_string(refused), NULL);
    a->failed = true;
    return;
  }
  good(a, "cannot subscribe", mosquitto_subscribe_multiple(client, NULL, (int)a->set.topics.n, a->topics, 1, 0, NULL));
}

static void on_subscribe(struct mosquitto *client, void *ctx, int id, int n, const int *granted) {
  struct agent *a = ctx;
  (void)client, (void)id;
  for (int i = 0; i < n; i++)
    if (granted[i] == REFUSED) {
      say(a, "the broker refuses the topic", a->topics[i]);
      a->failed = true;
    }
  if (!a->failed) {
    printf("%s: connected\n", a->set.broker.z);
    fflush(stdout);
  }
  a->subscribed = true;
}

static bool give_password(struct agent *a) {
  struct vsm_secret secret = {0};
  char why[200];
  const char *wrong = a->password ? vsm_secret_read(a->password, &secret, why, sizeof why) : NULL;
  if (wrong)
    return say(a, wrong, NULL), false;
  bool set = good(a, "user", mosquitto_username_pw_set(a->client, a->set.user.z, secret.z));
  vsm_secret_wipe(&secret);
  return set;
}

static bool connect_to(struct agent *a) {
  int port = a->set.port > 0 ? (int)a->set.port : a->ca ? PORT_TLS : PORT;
  a->client = vsm_mem_need(mosquitto_new(a->set.client_id.z, false, a), 0);
  mosquitto_threaded_set(a->client, true);
  mosquitto_connect_callback_set(a->client, on_connect);
  mosquitto_subscribe_callback_set(a->client, on_subscribe);
  mosquitto_message_callback_set(a->client, on_message);
  return give_password(a) &&
         (!a->ca || good(a, "TLS", mosquitto_tls_set(a->client, a->ca, NULL, a->cert, a->key, NULL))) &&
         good(a, "cannot connect", mosquitto_connect(a->client, a->set.broker.z, port, KEEPALIVE_SECONDS));
}

static bool wait_for_messages(struct agent *a) {
  struct pollfd p = {.fd = mosquitto_socket(a->client),
                     .events = (short)(POLLIN | (mosquitto_want_write(a->client) ? POLLOUT : 0))};
  return poll(&p, 1, LOOK_MS) > 0;
}

// Reads what has come, until the daemon has acked it. Nothing is written here.
static bool take_messages(struct agent *a) {
  unsigned before;
  a->taken = 0;
  do {
    before = a->taken;
    if (!good(a, "connection lost", mosquitto_loop_read(a->client, 1)))
      return false;
  } while (!a->failed && a->taken > before && a->taken < MESSAGES_MAX);
  return !a->failed && (a->taken == 0 || vsm_agent_out_await(a->out) == VSM_DONE);
}

static int follow_connected(struct agent *a, struct vsm_agent_out *out) {
  for (bool idle = false; take_messages(a);) {
    if (a->taken == 0 && idle && out->call->once && a->subscribed)
      return VSM_DONE;
    if (a->taken == 0 && idle)
      vsm_agent_out_close(out);
    if (!good(a, "connection lost", mosquitto_loop_write(a->client, 1)) ||
        !good(a, "connection lost", mosquitto_loop_misc(a->client)))
      break;
    idle = !wait_for_messages(a);
  }
  return VSM_FAILED;
}

static int follow(void *ctx, struct vsm_agent_out *out) {
  struct agent *a = ctx;
  a->out = out;
  a->failed = a->subscribed = false;
  int status = connect_to(a) ? follow_connected(a, out) : VSM_FAILED;
  mosquitto_destroy(a->client); // and with it what is queued
  return status;
}

int vsm_agent_mqtt(const struct vsm_agent_call *call) {
  struct agent a = {0};
  mosquitto_lib_init();
  vsm_record_init(&a.message);
  int status = vsm_agent_follow(
      call, &(struct vsm_agent_source){&ROOT, &a.set, &a.set.event, .begin = begin, .follow = follow, .ctx = &a});
  vsm_record_fini(&a.message);
  mosquitto_lib_cleanup();
  return status;
}
