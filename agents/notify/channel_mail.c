// Mail over SMTP. Plain text, quoted-printable, so that lines are short and 7 bits wide whatever is in them.
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "agents/notify/channel.h"
#include "base/mem.h"
#include "base/time.h"

enum { WORD_BYTES = 42, LINE_COLUMNS = 72 }; // of a title in one encoded word; of a line of text

// --- how it is written

static void put_base64(FILE *out, const unsigned char *p, size_t n) {
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (size_t i = 0; i < n; i += 3) {
    unsigned v = (unsigned)p[i] << 16 | (i + 1 < n ? (unsigned)p[i + 1] << 8 : 0) | (i + 2 < n ? p[i + 2] : 0);
    fputc(digits[v >> 18 & 63], out);
    fputc(digits[v >> 12 & 63], out);
    fputc(i + 1 < n ? digits[v >> 6 & 63] : '=', out);
    fputc(i + 2 < n ? digits[v & 63] : '=', out);
  }
}

static bool is_plain(const char *z) {
  size_t n = 0;
  for (; *z; z++, n++)
    if (*z < ' ' || *z > '~' || n > 200)
      return false;
  return true;
}

// RFC 2047. Words end between characters, as each is decoded alone.
static void put_title(FILE *out, const char *z) {
  if (is_plain(z) && !strstr(z, "=?")) {
    fprintf(out, "Subject: %s\r\n", z);
    return;
  }
  fputs("Subject:", out);
  for (size_t n, left = strlen(z); left > 0; z += n, left -= n) {
    n = left < WORD_BYTES ? left : WORD_BYTES;
    while (n < left && n > WORD_BYTES - 4 && ((unsigned char)z[n] & 0xc0) == 0x80)
      n--;
    fputs(" =?UTF-8?B?", out);
    put_base64(out, (const unsigned char *)z, n);
    fputs(left > n ? "?=\r\n" : "?=", out);
  }
  fputs("\r\n", out);
}

// RFC 2045.
static void put_text(FILE *out, const char *z) {
  unsigned column = 0;
  for (; *z; z++) {
    unsigned char c = (unsigned char)*z;
    if (c == '\n') {
      fputs("\r\n", out);
      column = 0;
      continue;
    }
    bool ends = z[1] == '\n' || z[1] == '\0';
    bool plain = (c > ' ' && c <= '~' && c != '=' && !(c == '.' && column == 0)) || (c == ' ' && !ends);
    if (column + (plain ? 1 : 3) > LINE_COLUMNS) {
      fputs("=\r\n", out);
      column = 0;
    }
    fprintf(out, plain ? "%c" : "=%02X", c);
    column += plain ? 1 : 3;
  }
  fputs("\r\n", out);
}

static void put_date(FILE *out, int64_t us) {
  static const char days[] = "SunMonTueWedThuFriSat", months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
  time_t t = (time_t)(us / VSM_SECOND_US);
  struct tm tm;
  if (gmtime_r(&t, &tm))
    fprintf(out, "Date: %.3s, %d %.3s %d %02d:%02d:%02d +0000\r\n", days + (ptrdiff_t)3 * tm.tm_wday, tm.tm_mday,
            months + (ptrdiff_t)3 * tm.tm_mon, tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

char *vsm_mail_write(const char *from, const char *to, const char *delivery, int64_t made_us, const char *title,
                     const char *text) {
  char *mail = NULL;
  size_t n;
  FILE *out = open_memstream(&mail, &n);
  vsm_mem_need(out, sizeof *out);
  fprintf(out, "From: %s\r\nTo: %s\r\n", from, to);
  put_title(out, title);
  put_date(out, made_us);
  fprintf(out, "Message-ID: <%s%s>\r\nVSM-Delivery: %s\r\n", delivery, strchr(from, '@'), delivery);
  fputs("Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
        "Content-Transfer-Encoding: quoted-printable\r\n\r\n",
        out);
  put_text(out, text);
  fclose(out);
  return mail;
}

// --- how it is sent

static char *mail_of(const struct vsm_receiver *to, const struct vsm_parcel *p) {
  json_t *body = json_loads(p->body, 0, NULL);
  const char *title = json_string_value(json_object_get(body, "title"));
  const char *text = json_string_value(json_object_get(body, "text"));
  char *mail =
      vsm_mail_write(to->mail.from.z, p->recipient, p->delivery, p->made_us, title ? title : "", text ? text : "");
  json_decref(body);
  return mail;
}

void vsm_channel_mail(struct vsm_carrier *c, const struct vsm_receiver *to, const struct vsm_parcel *p,
                      vsm_tried_fn *fn, void *ctx) {
  const struct vsm_mail_settings *m = &to->mail;
  char *mail = mail_of(to, p);
  struct vsm_transfer *x = vsm_transfer_create(c->transfers, mail, m->timeout.us, fn, ctx);
  free(mail);
  x->is_mail = true;
  x->has_secrets = m->password.z != NULL;
  x->recipients = vsm_mem_need(curl_slist_append(NULL, p->recipient), 0);
  curl_easy_setopt(x->easy, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
  curl_easy_setopt(x->easy, CURLOPT_URL, m->server.z);
  curl_easy_setopt(x->easy, CURLOPT_MAIL_FROM, m->from.z);
  curl_easy_setopt(x->easy, CURLOPT_MAIL_RCPT, x->recipients);
  curl_easy_setopt(x->easy, CURLOPT_UPLOAD, 1L);
  curl_easy_setopt(x->easy, CURLOPT_USE_SSL, (long)(m->tls == VSM_TLS_OFF ? CURLUSESSL_NONE : CURLUSESSL_ALL));
  if (m->ca)
    curl_easy_setopt(x->easy, CURLOPT_CAINFO, m->ca);
  if (m->password.z) {
    curl_easy_setopt(x->easy, CURLOPT_USERNAME, m->user.z);
    curl_easy_setopt(x->easy, CURLOPT_PASSWORD, m->password.z);
  }
  vsm_transfer_go(x);
}
