#include "base/key.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/lib/test.h"

#define PUBLIC "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7"
#define SECRET "JTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh6"

static const char *write_file(const char *text, int mode) {
  static char path[] = "/tmp/vsm-key-XXXXXX";
  memcpy(path + sizeof path - 7, "XXXXXX", 6);
  int fd = mkstemp(path);
  assert_true(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
  assert_int_equal(fchmod(fd, (mode_t)mode), 0);
  close(fd);
  return path;
}

// What a text gives: a key, to be destroyed, or NULL with its complaint.
static struct vsm_key *read_text(const char *text, bool secret, char why[VSM_KEY_WHY_BYTES]) {
  const char *path = write_file(text, 0600);
  struct vsm_key *key = vsm_key_read(path, secret, why);
  unlink(path);
  return key;
}

static void test_forms(void **state) {
  (void)state;
  static const struct {
    const char *text;
    bool has_public;
  } good[] = {{"# a comment with secret_key: in it\npublic_key: \"" PUBLIC "\"\nsecret_key: \"" SECRET "\"\n", true},
              {"public_key: " PUBLIC "\r\nsecret_key: " SECRET "\r\n", true},
              {"metadata\ncurve\n    public-key = \"" PUBLIC "\"\n    secret-key = \"" SECRET "\"\n", true},
              {"secret_key: '" SECRET "'", false},
              {"\n " SECRET " \n", false}};
  char why[VSM_KEY_WHY_BYTES];
  for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
    struct vsm_key *key = read_text(good[i].text, true, why);
    assert_non_null(key);
    assert_string_equal(key->secret_key, SECRET);
    assert_string_equal(key->public_key, good[i].has_public ? PUBLIC : "");
    vsm_key_destroy(key);
  }
}

static void test_a_public_key_is_read_without_the_secret_one(void **state) {
  (void)state;
  char why[VSM_KEY_WHY_BYTES];
  struct vsm_key *key = read_text("public_key: \"" PUBLIC "\"\nsecret_key: \"" SECRET "\"\n", false, why);
  assert_non_null(key);
  assert_string_equal(key->public_key, PUBLIC);
  assert_string_equal(key->secret_key, "");
  vsm_key_destroy(key);
}

static void test_bad_files(void **state) {
  (void)state;
  static const char *const bad[] = {"",
                                    "public_key: \"" PUBLIC "\"\n",
                                    "secret_key: \"" SECRET "x\"\n",
                                    "secret_key: \"short\"\n",
                                    "secret_key \"" SECRET "\"\n",
                                    "my_secret_key: \"" SECRET "\"\n"};
  char why[VSM_KEY_WHY_BYTES], large[8192];
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    assert_null(read_text(bad[i], true, why));
    assert_non_null(strstr(why, "no secret key"));
    assert_null(strstr(why, SECRET));
  }
  memset(large, '#', sizeof large - 1);
  large[sizeof large - 1] = '\0';
  assert_null(read_text(large, true, why));
  assert_non_null(strstr(why, "too large"));
  assert_null(vsm_key_read("/nowhere/at-all", true, why));
  assert_non_null(strstr(why, "/nowhere/at-all: No such file"));
  assert_null(vsm_key_read("/tmp", true, why));
}

static void test_who_can_read_it(void **state) {
  (void)state;
  static const struct {
    int mode;
    bool exposed;
  } all[] = {{0600, false}, {0640, false}, {0644, true}};
  char why[VSM_KEY_WHY_BYTES];
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
    const char *path = write_file(SECRET, all[i].mode);
    struct vsm_key *key = vsm_key_read(path, true, why);
    unlink(path);
    assert_non_null(key);
    assert_int_equal(key->exposed, all[i].exposed);
    vsm_key_destroy(key);
  }
}

static void test_well_formed(void **state) {
  (void)state;
  assert_true(vsm_key_well_formed(PUBLIC));
  assert_false(vsm_key_well_formed(PUBLIC "0"));
  assert_false(vsm_key_well_formed(""));
  assert_false(vsm_key_well_formed("rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]y\"7"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_forms), cmocka_unit_test(test_a_public_key_is_read_without_the_secret_one),
      cmocka_unit_test(test_bad_files), cmocka_unit_test(test_who_can_read_it), cmocka_unit_test(test_well_formed)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
