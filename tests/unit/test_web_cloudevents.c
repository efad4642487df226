#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agents/web/cloudevents.h"

// "name: value" lines.
static const char *find_header(void *ctx, const char *name) {
  const char *const *headers = ctx;
  for (; *headers; headers++)
    if (strncmp(*headers, name, strlen(name)) == 0 && (*headers)[strlen(name)] == ':')
      return *headers + strlen(name) + 2;
  return NULL;
}

static void put_event(FILE *out, const struct vsm_emitter_event *e, size_t index) {
  fprintf(out, "%zu %s|%s|%s|%s|%lu", index, e->source, e->id, e->type, e->subject, (unsigned long)e->time_unix_nano);
  for (size_t i = 0; i < e->n_data; i++)
    fprintf(out, " %s=%s", e->data[i].key, e->data[i].value);
  fputc('\n', out);
}

static void expect(const char *const *headers, const char *body, const char *expected) {
  struct vsm_cloudevents c;
  char *text = NULL;
  size_t n = 0;
  char *copy = malloc(strlen(body) + 1); // of exactly that size, so that a byte too many is seen
  memcpy(copy, body, strlen(body));
  vsm_cloudevents_read(&c, &(struct vsm_cloudevents_request){find_header, (void *)headers, copy, strlen(body)});
  free(copy);
  FILE *out = open_memstream(&text, &n);
  if (c.status)
    fprintf(out, "%d %s\n", c.status, c.why);
  for (size_t i = 0; i < c.n_events; i++)
    put_event(out, &c.events[i], c.index[i]);
  for (size_t i = 0; i < c.n_refusals; i++)
    fprintf(out, "%zu! %s: %s\n", c.refusals[i].index, c.refusals[i].reason, c.refusals[i].detail);
  fclose(out);
  vsm_cloudevents_fini(&c);
  assert_string_equal(text, expected);
  free(text);
}

#define HEADERS(...) ((const char *const[]){__VA_ARGS__, NULL})
#define STRUCTURED HEADERS("content-type: application/cloudevents+json; charset=UTF-8")
#define BATCHED HEADERS("content-type: Application/CloudEvents-Batch+JSON")
#define HEAD "\"specversion\":\"1.0\",\"source\":\"s\",\"type\":\"t\""

static void test_structured(void **state) {
  (void)state;
  expect(STRUCTURED,
         "{" HEAD ",\"id\":\"i\",\"subject\":\"k\",\"time\":\"1970-01-01T00:00:01Z\",\"data\":{\"a\":{\"b\":1}}}",
         "0 s|i|t|k|1000000000 a.b=1\n");
  expect(STRUCTURED, "{" HEAD "}", "0 s||t||0\n");
  expect(STRUCTURED, "{" HEAD ",\"data_base64\":\"aGk=\"}", "0! malformed: data is no JSON object\n");
  expect(STRUCTURED, "[{" HEAD "}]", "0! malformed: no JSON object\n");
  expect(STRUCTURED, "{\"specversion\":\"0.3\",\"source\":\"s\",\"type\":\"t\"}",
         "0! malformed: specversion is not \"1.0\"\n");
  expect(STRUCTURED, "{", "400 the body is no JSON: string or '}' expected near end of file, line 1, column 1\n");
  expect(STRUCTURED, "", "400 the body is no JSON: '[' or '{' expected near end of file, line 1, column 0\n");
  expect(STRUCTURED, "{" HEAD ",\"id\":\"\xff\"}",
         "400 the body is no JSON: unable to decode byte 0xff near '\"', line 1, column 51\n");
}

static void test_batched(void **state) {
  (void)state;
  expect(BATCHED, "[]", "");
  expect(
      BATCHED,
      "[{" HEAD ",\"id\":\"1\"},{\"type\":\"t\"},7,{" HEAD ",\"id\":\"2\"},{\"source\":\"s\"},{" HEAD
      ",\"time\":\"x\"}]",
      "0 s|1|t||0\n3 s|2|t||0\n1! bad_source: no source\n2! malformed: no JSON object\n4! no_type: no type\n"
      "5! time_out_of_range: time \"x\" is not RFC 3339 (2025-01-31T12:00:00Z) or Unix seconds, after 1970 began and "
      "before 2100\n");
  expect(BATCHED, "{" HEAD "}", "400 a batch is a JSON array of events\n");
}

static void test_binary(void **state) {
  (void)state;
  expect(HEADERS("content-type: application/json", "ce-specversion: 1.0", "ce-source: s", "ce-type: t", "ce-id: i",
                 "ce-subject: a%20b%C3%A9 100%", "ce-time: 1970-01-01T00:00:01.5Z"),
         "{\"a\":\"b\"}", "0 s|i|t|a b\xc3\xa9 100%|1500000000 a=b\n");
  expect(HEADERS("ce-specversion: 1.0", "ce-source: s", "ce-type: t"), "", "0 s||t||0\n");
  expect(HEADERS("ce-type: t"), "", "0! bad_source: no source\n");
  expect(HEADERS("ce-specversion: 1.0", "ce-source: s", "ce-type: t", "content-type: text/plain"), "x",
         "415 the data is \"text/plain\"; allowed: application/json\n");
  expect(HEADERS("ce-specversion: 1.0", "ce-source: s", "ce-type: t", "content-type: application/vnd.x+json"), "[1]",
         "0! malformed: data is no JSON object\n");
  expect(HEADERS("ce-specversion: 1.0", "ce-source: s", "ce-type: %ff"), "",
         "400 the header ce-type is not UTF-8, or has a NUL in it\n");
  expect(HEADERS("ce-specversion: 1.0", "ce-source: s", "ce-type: %00"), "",
         "400 the header ce-type is not UTF-8, or has a NUL in it\n");
}

static void test_other_content(void **state) {
  (void)state;
#define ALLOWED                                                                                                        \
  "allowed: application/cloudevents+json, application/cloudevents-batch+json, or headers ce-source, ce-type, ... "     \
  "with application/json\n"
  expect(HEADERS("content-type: application/json"), "{" HEAD "}",
         "415 the content type is \"application/json\"; " ALLOWED);
  expect(HEADERS("content-type: application/cloudevents+avro", "ce-type: t"), "x",
         "415 the content type is \"application/cloudevents+avro\"; " ALLOWED);
  expect(HEADERS("x: y"), "", "415 the content type is \"\"; " ALLOWED);
  expect(HEADERS("content-type: application/cloudevents+json; charset=latin1"), "{}",
         "415 the content type is \"application/cloudevents+json; charset=latin1\"; allowed: charset=utf-8\n");
}

// n objects in a batch, each with m attributes whose keys are below a name of `deep` bytes.
static char *many(size_t n, size_t m, int deep) {
  char *text = NULL;
  size_t bytes = 0;
  FILE *out = open_memstream(&text, &bytes);
  fputc('[', out);
  for (size_t i = 0; i < n; i++) {
    fprintf(out, "%s{" HEAD ",\"data\":{\"%0*d\":{", i ? "," : "", deep, 0);
    for (size_t k = 0; k < m; k++)
      fprintf(out, "%s\"%zu\":1", k ? "," : "", k);
    fputs("}}}", out);
  }
  fputc(']', out);
  fclose(out);
  return text;
}

// Says what became of how many.
static void count(char *body, const char *expected) {
  struct vsm_cloudevents c;
  char text[400];
  vsm_cloudevents_read(&c, &(struct vsm_cloudevents_request){find_header, (void *)BATCHED, body, strlen(body)});
  snprintf(text, sizeof text, "%d %s, %s, %s", c.status, c.why, c.n_events ? "some" : "none",
           c.n_refusals ? c.refusals[c.n_refusals - 1].reason : "none refused");
  vsm_cloudevents_fini(&c);
  free(body);
  assert_string_equal(text, expected);
}

static void test_limits(void **state) {
  (void)state;
  count(many(VSM_CLOUDEVENTS_MAX + 1, 0, 1), "413 65537 events; allowed in a request: 65536, none, none refused");
  count(many(VSM_CLOUDEVENTS_MAX, 0, 1), "0 , some, none refused");
  count(many(1, 257, 1), "0 , none, too_many_attributes");
  count(many(200, 250, 1000), "0 , some, batch_too_large"); // short in JSON, and long with the names of all attributes
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_structured),    cmocka_unit_test(test_batched), cmocka_unit_test(test_binary),
      cmocka_unit_test(test_other_content), cmocka_unit_test(test_limits),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
