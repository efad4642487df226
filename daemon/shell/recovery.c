// A checkpoint that cannot be used is set aside, and the one before it is tried, then the journal alone. Where that was
// trimmed meanwhile, its first records are missing, which is damage like any other.
//
// Before each record the time passes at which it came, as it did then; steps of time in between change nothing that
// shows. A batch is decoded anew, with its receipt time; a configuration is read from the record alone, never from
// files. What is damaged is logged, all of it, before the start is refused; told to salvage, it is noted as given up,
// and what follows is taken.
#include "shell/recovery.h"

#include <stdlib.h>

#include "base/err.h"
#include "conf/kept.h"
#include "core/alert.h"
#include "shell/clock.h"
#include "shell/control.h"
#include "shell/log.h"
#include "shell/resume.h"
#include "store/little.h"
#include "wire/batch.h"

enum { DAMAGES_LOGGED = 100, BEGIN_ANEW = 2 }; // BEGIN_ANEW: a record that ends the reading with that

#define RUN_SLICE_US (VSM_SECOND_US / 10)

struct vsm_recovery {
  struct vsm_recovery_options o;
  struct vsm_resume *resume; // NULL: over
  struct vsm_journal_reader *reader;
  struct vsm_arena arena;
  struct vsm_effects effects;
  struct vsm_recovered out;
  uint64_t position, from; // of the last record; behind which the reader began
  uint64_t anew; // up to this position configurations are passed over, as another one maps all of it; and for how many
                 // items there was memory, so that what was refused is taken
  uint64_t room; // and how many there are there
  unsigned damages;
};

void vsm_recovery_destroy(struct vsm_recovery *r) {
  if (!r)
    return;
  vsm_recovered_fini(&r->out);
  vsm_resume_destroy(r->resume);
  vsm_journal_reader_close(r->reader);
  vsm_effects_fini(&r->effects);
  vsm_arena_fini(&r->arena);
  free(r);
}

// --- records

static void on_sealed(void *ctx, struct vsm_core *core, unsigned stream, uint32_t place) {
  const struct vsm_recovery *r = ctx;
  r->o.on_sealed(
      r->o.ctx,
      &(struct vsm_recovery_sealed){
          .position = r->position, .core = core, .model = &r->out.config->model, .stream = stream, .place = place});
}

static void listen(struct vsm_recovery *r) {
  if (r->o.on_sealed)
    vsm_core_on_sealed(r->out.core, on_sealed, r);
}

static int adopt(struct vsm_recovery *r, struct vsm_config *config) {
  int err = 0;
  if (r->out.core)
    err = vsm_core_configure(r->out.core, &config->model);
  else if (!(r->out.core = vsm_core_create(&config->model)))
    err = VSM_ENOMEM;
  if (err)
    return err;
  listen(r);
  vsm_config_destroy(r->out.config);
  r->out.config = config;
  return 0;
}

static int take_configuration(struct vsm_recovery *r, struct vsm_str kept) {
  struct vsm_config *config;
  struct vsm_conf_report report;
  int err = vsm_config_parse_kept(kept, &config, &report);
  for (unsigned i = 0; err && i < report.n_mistakes && i < 3; i++)
    vsm_log("recovery_failed", "position=%llu why=\"the configuration cannot be read again: line %u: %s\"",
            (unsigned long long)r->position, report.mistakes[i].line, report.mistakes[i].text);
  vsm_conf_report_fini(&report);
  if (err)
    return err;
  err = adopt(r, config);
  if (err) {
    vsm_config_destroy(config);
    return err;
  }
  return vsm_recovered_keep(&r->out, kept);
}

// The journal's first configuration was given up. The one that stands in for it is in no record, at this start either.
static int fall_back(struct vsm_recovery *r) {
  int err = take_configuration(r, r->o.fallback);
  free(r->out.kept);
  r->out.kept = NULL;
  r->out.kept_bytes = 0;
  return err;
}

static int take_batch(struct vsm_recovery *r, const struct vsm_record *record) {
  struct vsm_batch batch;
  vsm_arena_reset(&r->arena);
  int err = vsm_wire_decode_batch(record->payload, record->received, &r->arena, &batch);
  if (!err && batch.refused != VSM_R_NONE)
    err = VSM_EFORMAT;
  if (err)
    return err;
  r->out.events += batch.n_events;
  if (batch.n_events == 0)
    return vsm_core_alive(r->out.core, batch.source, record->received);
  return vsm_core_step_all(r->out.core, batch.events, batch.n_events, &r->effects, NULL, NULL);
}

// Up to here everything is mapped by the configuration in force here, from a first record on. One rebuild more of the
// past changes nothing of that. As many items are held from here on as were before.
static int take_rebuild(struct vsm_recovery *r, const struct vsm_request *request) {
  if (r->position == r->anew)
    vsm_core_set_room(r->out.core, r->room);
  if (r->position <= r->anew)
    return 0;
  r->out.first = request->from;
  r->out.rebuilt = r->position;
  r->room = vsm_core_room(r->out.core);
  return BEGIN_ANEW;
}

static int take_room(struct vsm_recovery *r, struct vsm_str payload) {
  if (payload.n != VSM_ROOM_BYTES)
    return VSM_EFORMAT;
  if (r->position > r->anew)
    vsm_core_set_room(r->out.core, vsm_little_get((const unsigned char *)payload.p, VSM_ROOM_BYTES));
  return 0;
}

// What it was asked of may be gone with a damaged record: then nothing is left to do.
static int take_order(struct vsm_recovery *r, const struct vsm_record *record) {
  struct vsm_request request;
  struct vsm_str same;
  uint64_t id;
  const char *why;
  const struct vsm_model *model = &r->out.config->model;
  vsm_arena_reset(&r->arena);
  int err = vsm_wire_decode_request(record->payload, &request);
  if (err)
    return err;
  if (request.kind == VSM_ASK_REBUILD)
    return take_rebuild(r, &request);
  err = vsm_control(r->out.core, model, &request, vsm_find_stream(model, request.stream), &r->effects, &r->arena, &same,
                    &id, &why);
  return err == VSM_ENOMEM || err == VSM_EFORMAT ? err : 0;
}

static int take(struct vsm_recovery *r, const struct vsm_record *record) {
  int err = 0;
  if (!r->out.core && record->kind != VSM_RECORD_CONFIGURATION)
    err = fall_back(r);
  if (err)
    return err;
  if (r->out.core && record->kind != VSM_RECORD_START) // which looks itself at what time brought
    vsm_core_advance(r->out.core, record->received);
  if (record->received.us > r->out.last.us)
    r->out.last = record->received;
  switch (record->kind) {
  case VSM_RECORD_BATCH:
    return take_batch(r, record);
  case VSM_RECORD_CONFIGURATION:
    return r->position <= r->anew ? 0 : take_configuration(r, record->payload);
  case VSM_RECORD_START:
    vsm_core_started(r->out.core, record->received);
    return 0;
  case VSM_RECORD_LOOKED:
    vsm_core_look(r->out.core);
    return 0;
  case VSM_RECORD_ROOM:
    return take_room(r, record->payload);
  case VSM_RECORD_CONTROL:
    return take_order(r, record);
  }
  return VSM_EFORMAT;
}

static int on_record(void *ctx, uint64_t position, const struct vsm_record *record) {
  struct vsm_recovery *r = ctx;
  r->position = position;
  r->out.records++;
  if (r->damages && !r->o.salvage) // only what else is damaged is of interest
    return 0;
  int err = take(r, record);
  if (err < 0)
    vsm_log("recovery_failed", "position=%llu kind=%d why=\"%s\"", (unsigned long long)position, (int)record->kind,
            vsm_err_text(err));
  return err == VSM_EFORMAT ? VSM_ECONFIG : err; // VSM_EFORMAT is the journal's own
}

// --- damage

static int on_damage(struct vsm_recovery *r, const struct vsm_journal_damage *d) {
  if (r->damages++ < DAMAGES_LOGGED)
    vsm_log("journal_damaged", "first=%llu last=%llu why=\"%s\" received_after=%lld salvage=%s",
            (unsigned long long)d->first, (unsigned long long)d->last, d->why,
            (long long)(r->out.last.us / VSM_SECOND_US), r->o.salvage ? "yes" : "no");
  r->position = d->last;
  int err = r->o.salvage ? vsm_journal_give_up(r->o.journal, d->first, d->last) : 0;
  if (err)
    vsm_log("recovery_failed", "why=\"what is damaged cannot be given up: %s\"", vsm_err_text(err));
  return err;
}

static int at_the_end(struct vsm_recovery *r) {
  if (r->damages > DAMAGES_LOGGED)
    vsm_log("journal_damaged", "places=%u logged=%d", r->damages, DAMAGES_LOGGED);
  if (r->damages == 0 || r->o.salvage)
    return 0;
  vsm_log("recovery_failed",
          "why=\"the journal is damaged: what was received at these positions is gone; --salvage goes on without it\"");
  return VSM_EFORMAT;
}

// --- from a checkpoint

// The reader that knows the journal's end stays until another one stands behind the checkpoint.
static int read_on_from(struct vsm_recovery *r) {
  struct vsm_journal_reader *behind;
  struct vsm_journal_why why;
  int err = vsm_journal_reader_open(r->o.directory, r->position + 1, &behind, &why);
  if (err) {
    vsm_log("recovery_failed", "why=\"%s\"", why.text);
    return err == VSM_EFORMAT ? VSM_EIO : err;
  }
  vsm_journal_reader_close(r->reader);
  r->reader = behind;
  r->from = r->position;
  return 1;
}

static int resume(struct vsm_recovery *r) {
  int result = vsm_resume_go_on(r->resume);
  if (result != 0)
    return result;
  r->out = vsm_resume_take(r->resume);
  r->position = r->out.checkpoint;
  vsm_resume_destroy(r->resume);
  r->resume = NULL;
  if (!r->out.core)
    return 1;
  listen(r);
  return read_on_from(r);
}

// --- anew

// Nothing came before the first record that is kept; what is kept is mapped by the configuration in force.
static int begin_anew(struct vsm_recovery *r, uint64_t first, uint64_t through) {
  vsm_core_destroy(r->out.core);
  r->out.core = vsm_core_create(&r->out.config->model);
  if (!r->out.core)
    return VSM_ENOMEM;
  listen(r);
  if (r->o.on_anew)
    r->o.on_anew(r->o.ctx);
  r->out.first = first;
  r->position = first > 0 ? first - 1 : 0;
  r->anew = through;
  return read_on_from(r);
}

static int begin_under(struct vsm_recovery *r) {
  int err = take_configuration(r, r->o.under);
  return err ? err : begin_anew(r, vsm_journal_reader_first(r->reader), UINT64_MAX);
}

// --- life

static int begin(struct vsm_recovery *r) {
  struct vsm_journal_why why;
  if (vsm_journal_reader_open(r->o.directory, 1, &r->reader, &why) != 0) {
    vsm_log("recovery_failed", "why=\"%s\"", why.text);
    return VSM_EIO;
  }
  if (r->o.under.n > 0)
    return begin_under(r);
  r->resume = vsm_resume_create(r->o.directory, r->reader, r->o.only_read);
  return r->resume ? 0 : VSM_EIO;
}

struct vsm_recovery *vsm_recovery_create(const struct vsm_recovery_options *o) {
  struct vsm_recovery *r = calloc(1, sizeof *r);
  if (!r)
    return NULL;
  r->o = *o;
  r->effects.quiet = true;
  vsm_arena_init(&r->arena, VSM_BATCH_ARENA_BYTES);
  if (begin(r) >= 0)
    return r;
  vsm_recovery_destroy(r);
  return NULL;
}

// --- in slices

static bool is_at_the_end(const struct vsm_recovery *r) {
  uint64_t last = vsm_journal_reader_last(r->reader); // behind it a daemon may be appending
  return r->position >= (r->o.last > 0 && r->o.last < last ? r->o.last : last);
}

static int read_some(struct vsm_recovery *r) {
  struct vsm_journal_damage damage;
  int result = is_at_the_end(r) ? 0 : vsm_journal_read(r->reader, on_record, r, &damage);
  if (result == BEGIN_ANEW)
    return begin_anew(r, r->out.first, r->out.rebuilt);
  if (result == 0)
    return at_the_end(r);
  if (result == VSM_EFORMAT)
    result = on_damage(r, &damage);
  else if (result == VSM_EIO)
    vsm_log("recovery_failed", "why=\"the journal cannot be read: %s\"", vsm_err_text(result));
  return result < 0 ? result : 1;
}

int vsm_recovery_go_on(struct vsm_recovery *r, int64_t us) {
  int64_t until = vsm_clock_boot_us() + us;
  int result = 1;
  while (result == 1) {
    result = r->resume ? resume(r) : read_some(r);
    if (vsm_clock_boot_us() >= until)
      break;
  }
  return result;
}

unsigned vsm_recovery_percent(const struct vsm_recovery *r) {
  if (r->resume)
    return vsm_resume_percent(r->resume) / 2;
  uint64_t last = vsm_journal_reader_last(r->reader);
  unsigned before = r->out.checkpoint > 0 ? 50 : 0;
  return last > r->from ? before + (unsigned)((r->position - r->from) * (100 - before) / (last - r->from)) : 100;
}

uint64_t vsm_recovery_position(const struct vsm_recovery *r) {
  return r->position;
}

uint64_t vsm_recovery_first(const struct vsm_recovery *r) {
  return r->out.first;
}

int vsm_recovery_follow(struct vsm_recovery *r) {
  int result = read_on_from(r);
  return result == 1 && is_at_the_end(r) ? 0 : result;
}

struct vsm_recovered vsm_recovery_take(struct vsm_recovery *r) {
  struct vsm_recovered out = r->out;
  out.position = r->position;
  if (vsm_journal_reader_mark(r->reader, out.position, &out.mark) != 0)
    out.mark = 0;
  if (out.core)
    vsm_core_on_sealed(out.core, NULL, NULL);
  r->out = (struct vsm_recovered){0};
  return out;
}

int vsm_recovery_run(const struct vsm_recovery_options *o, vsm_recovery_progress_fn *progress, void *ctx,
                     struct vsm_recovered *out) {
  struct vsm_recovery *r = vsm_recovery_create(o);
  int result = r ? 1 : VSM_EIO;
  while (result == 1) {
    result = vsm_recovery_go_on(r, RUN_SLICE_US);
    if (progress)
      progress(ctx, r);
  }
  if (result == 0)
    *out = vsm_recovery_take(r);
  vsm_recovery_destroy(r);
  return result;
}
