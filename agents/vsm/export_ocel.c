// OCEL 2.0 as JSON. Objects are items, their types the value streams; an event stands there once, with each item that
// it is about, and as what: "STAGE LIFECYCLE". Events are written as they come; which objects there are is kept on disk
// meanwhile, which types and attributes in memory, and both follow behind the events.
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "bag.h"
#include "base/mem.h"
#include "cmd.h"
#include "export.h"
#include "xml_key.h"

// An attribute of a type of event; attribute "": the type itself.
struct typed {
  char *attribute; // behind the type's name
  char type[];
};

struct ocel {
  struct vsm_exporting *x;
  struct vsm_bag *objects;
  void *types; // a tree of struct typed
  const char *comma;
};

static int by_type(const void *a, const void *b) {
  const struct typed *s = a, *t = b;
  int c = strcmp(s->type, t->type);
  return c ? c : strcmp(s->attribute, t->attribute);
}

static void put_text(FILE *out, struct vsm_str text) {
  vsm_text_json(out, text.p, text.n);
}

static void put_z(FILE *out, const char *text) {
  put_text(out, vsm_str_of(text));
}

static const char *object_id(struct vsm_exporting *x, const char *stream, struct vsm_str item) {
  return vsm_mem_need(vsm_arena_printf(&x->arena, "%s/%.*s", stream, (int)item.n, item.p), 0);
}

// --- types of events

static void note_type(struct ocel *o, struct vsm_str type, struct vsm_str attribute) {
  struct typed *t = vsm_mem_alloc(sizeof *t + type.n + attribute.n + 2);
  memcpy(t->type, type.p, type.n);
  t->attribute = t->type + type.n + 1;
  if (attribute.n > 0)
    memcpy(t->attribute, attribute.p, attribute.n);
  struct typed **found = vsm_mem_need(tsearch(t, &o->types, by_type), sizeof *t);
  if (*found != t)
    free(t);
}

struct printing {
  FILE *out;
  const char *type; // before this one
  const char *comma;
};

static void print_type(const void *node, VISIT which, void *ctx) {
  const struct typed *t = *(const struct typed *const *)node;
  struct printing *p = ctx;
  if (which != postorder && which != leaf)
    return;
  if (!p->type || strcmp(p->type, t->type) != 0) {
    fputs(p->type ? "]},\n{\"name\": " : "{\"name\": ", p->out);
    put_z(p->out, t->type);
    fputs(", \"attributes\": [", p->out);
    p->comma = "";
    p->type = t->type;
  }
  if (!*t->attribute)
    return;
  fprintf(p->out, "%s{\"name\": ", p->comma);
  put_z(p->out, t->attribute);
  fputs(", \"type\": \"string\"}", p->out);
  p->comma = ", ";
}

static void put_event_types(struct ocel *o) {
  struct printing p = {.out = o->x->out};
  fputs("],\n\"eventTypes\": [\n", p.out);
  twalk_r(o->types, print_type, &p);
  fputs(p.type ? "]}\n" : "", p.out);
}

static void put_object_types(struct ocel *o) {
  const struct vsm_model *m = &o->x->state.config->model;
  fputs("],\n\"objectTypes\": [\n", o->x->out);
  for (unsigned i = 0; i < m->n_streams; i++) {
    fputs(i ? ",\n{\"name\": " : "{\"name\": ", o->x->out);
    put_z(o->x->out, m->streams[i].id);
    fputs(", \"attributes\": [{\"name\": \"vsm:state\", \"type\": \"string\"}", o->x->out);
    for (unsigned k = 0; k < m->streams[i].n_segments; k++) {
      fputs(", {\"name\": ", o->x->out);
      put_z(o->x->out, m->streams[i].segments[k]);
      fputs(", \"type\": \"string\"}", o->x->out);
    }
    fputs("]}", o->x->out);
  }
  fputs("\n]}\n", o->x->out);
}

// --- objects

static void put_value(FILE *out, const char *lead, const char *name, struct vsm_str value, const char *time) {
  fprintf(out, "%s{\"name\": ", lead);
  put_z(out, name);
  fputs(", \"value\": ", out);
  put_text(out, value);
  fprintf(out, ", \"time\": \"%s\"}", time);
}

// As the item is now, told as of its beginning.
static void put_object(struct ocel *o, const struct vsm_stream *stream, struct vsm_str item,
                       const struct vsm_item_view *held) {
  FILE *out = o->x->out;
  char time[VSM_EXPORT_TIME_BYTES];
  fprintf(out, "%s{\"id\": ", o->comma);
  put_z(out, object_id(o->x, stream->id, item));
  fputs(", \"type\": ", out);
  put_z(out, stream->id);
  fputs(", \"attributes\": [", out);
  if (held && held->n_transitions > 0) {
    vsm_export_time((uint64_t)held->transitions[0].time.us * 1000, time);
    put_value(out, "", "vsm:state", vsm_str_of(held->state), time);
    for (unsigned i = 0; i < held->n_segments; i++)
      put_value(out, ", ", held->segments[i].attribute, held->segments[i].value, time);
  }
  fputs("], \"relationships\": []}", out);
  o->comma = ",\n";
}

// Of an event's item the number of its stream and its key, as they were put in the bag.
static int take_object(void *ctx, struct vsm_str group, bool first, struct vsm_str text) {
  struct ocel *o = ctx;
  unsigned stream = (unsigned)strtoul(group.p, NULL, 10);
  const char *blank = memchr(group.p, ' ', group.n);
  struct vsm_str item = {blank + 1, group.n - (size_t)(blank + 1 - group.p)};
  struct vsm_item_view held;
  uint64_t streams;
  (void)first, (void)text;
  vsm_arena_reset(&o->x->arena);
  bool is_held = vsm_core_item(o->x->state.core, (int)stream, item, &o->x->arena, &held, &streams) == 0;
  put_object(o, &o->x->state.config->model.streams[stream], item, is_held ? &held : NULL);
  return ferror(o->x->out) ? VSM_FAILED : VSM_DONE;
}

// --- events

static void put_attribute(struct ocel *o, const char **comma, struct vsm_str type, struct vsm_str name,
                          struct vsm_str value) {
  if (value.n == 0 || name.n == 0)
    return;
  fprintf(o->x->out, "%s{\"name\": ", *comma);
  put_text(o->x->out, name);
  fputs(", \"value\": ", o->x->out);
  put_text(o->x->out, value);
  fputs("}", o->x->out);
  note_type(o, type, name);
  *comma = ", ";
}

static void put_data(struct ocel *o, const char **comma, const struct vsm_event *e) {
  for (uint32_t i = 0; i < e->n_attrs; i++) {
    struct vsm_str key = e->attrs[i].key;
    if (vsm_export_is_hidden(e, i))
      continue;
    if (vsm_xml_is_exports(key))
      key = vsm_str_of(vsm_arena_printf(&o->x->arena, VSM_XML_DATA "%.*s", (int)key.n, key.p));
    put_attribute(o, comma, e->type, key, e->attrs[i].value);
  }
}

static void put_relation(FILE *out, const char *lead, const char *object, const char *stage, const char *lifecycle) {
  fprintf(out, "%s{\"objectId\": ", lead);
  put_z(out, object);
  fputs(", \"qualifier\": \"", out);
  fprintf(out, "%s%s%s\"}", stage, *stage && *lifecycle ? " " : "", lifecycle);
}

static int put_relations(struct ocel *o, const struct vsm_event *e, int64_t us) {
  struct vsm_export_part *parts;
  size_t n = vsm_export_parts(o->x, e, &parts);
  for (size_t i = 0; i < n; i++) {
    const struct vsm_export_part *p = &parts[i];
    const char *group =
        vsm_mem_need(vsm_arena_printf(&o->x->arena, "%u %.*s", p->stream, (int)p->item.n, p->item.p), 0);
    put_relation(o->x->out, i ? ", " : "", object_id(o->x, o->x->state.config->model.streams[p->stream].id, p->item),
                 p->stage, p->lifecycle);
    if (vsm_bag_put(o->objects, vsm_str_of(group), us, (struct vsm_str){0}, true) != 0)
      return VSM_FAILED;
  }
  return VSM_DONE;
}

static int put_event(void *ctx, const struct vsm_kept_event *e) {
  struct ocel *o = ctx;
  FILE *out = o->x->out;
  char time[VSM_EXPORT_TIME_BYTES];
  const char *comma = "";
  fprintf(out, "%s{\"id\": \"%llu.%zu\", \"type\": ", o->comma, (unsigned long long)e->position, e->index);
  put_text(out, e->event->type);
  fprintf(out, ", \"time\": \"%s\", \"relationships\": [", vsm_export_time(e->time_unix_nano, time));
  int status = put_relations(o, e->event, (int64_t)(e->time_unix_nano / 1000));
  fputs("], \"attributes\": [", out);
  note_type(o, e->event->type, (struct vsm_str){0});
  put_attribute(o, &comma, e->event->type, VSM_STR("vsm:source"), e->event->source);
  put_attribute(o, &comma, e->event->type, VSM_STR("vsm:subject"), e->event->subject);
  put_attribute(o, &comma, e->event->type, VSM_STR("vsm:id"), e->event->id);
  put_data(o, &comma, e->event);
  fputs("]}", out);
  o->comma = ",\n";
  o->x->n++;
  return status;
}

static int finish(struct ocel *o, int status) {
  put_event_types(o);
  put_object_types(o);
  tdestroy(o->types, free);
  vsm_bag_destroy(o->objects);
  return status;
}

int vsm_export_ocel_events(struct vsm_exporting *x) {
  struct ocel o = {.x = x, .objects = vsm_bag_create(), .comma = ""};
  if (!o.objects)
    return VSM_FAILED;
  fputs("{\"events\": [\n", x->out);
  int status = vsm_export_each_event(x, (struct vsm_export_span){0, 0.9}, put_event, &o);
  fputs("],\n\"objects\": [\n", x->out);
  o.comma = "";
  if (!status)
    status = vsm_bag_each(o.objects, take_object, &o) ? VSM_FAILED : VSM_DONE;
  return finish(&o, status);
}

// --- visits: each an event at its end

static int put_visit(void *ctx, const struct vsm_export_visit *v) {
  struct ocel *o = ctx;
  FILE *out = o->x->out;
  char time[VSM_EXPORT_TIME_BYTES];
  const char *comma = "";
  const char *type = vsm_mem_need(vsm_arena_printf(&o->x->arena, "%s/%s", v->stream->id, v->visit->stage), 0);
  const struct {
    const char *name;
    int64_t us;
  } seconds[] = {{"vsm:queue_seconds", v->visit->queued_us},
                 {"vsm:active_seconds", v->visit->active_us},
                 {"vsm:suspended_seconds", v->visit->suspended_us}};
  fprintf(out, "%s{\"id\": ", o->comma);
  put_z(out, vsm_mem_need(
                 vsm_arena_printf(&o->x->arena, "%s/%u", object_id(o->x, v->stream->id, v->item->item), v->number), 0));
  fputs(", \"type\": ", out);
  put_z(out, type);
  fprintf(out, ", \"time\": \"%s\", \"relationships\": [", vsm_export_time((uint64_t)v->visit->left.us * 1000, time));
  put_relation(out, "", object_id(o->x, v->stream->id, v->item->item), v->visit->stage, "");
  fputs("], \"attributes\": [", out);
  struct vsm_str t = vsm_str_of(type);
  put_attribute(o, &comma, t, VSM_STR("vsm:entered"),
                vsm_str_of(vsm_export_time((uint64_t)v->visit->entered.us * 1000, time)));
  put_attribute(o, &comma, t, VSM_STR("vsm:how"), vsm_str_of(vsm_how_name(v->visit->how)));
  put_attribute(o, &comma, t, VSM_STR("vsm:rework"), vsm_str_of(v->visit->rework ? "true" : "false"));
  put_attribute(o, &comma, t, VSM_STR("vsm:unobserved"), vsm_str_of(v->visit->unobserved ? "true" : "false"));
  for (size_t i = 0; i < sizeof seconds / sizeof *seconds; i++)
    put_attribute(o, &comma, t, vsm_str_of(seconds[i].name), vsm_str_of(vsm_export_seconds(seconds[i].us, time)));
  note_type(o, t, (struct vsm_str){0});
  fputs("]}", out);
  o->comma = ",\n";
  return ferror(out) ? VSM_FAILED : VSM_DONE;
}

static int put_held(void *ctx, const struct vsm_item_view *item) {
  struct ocel *o = ctx;
  put_object(o, &o->x->state.config->model.streams[item->stream], item->item, item);
  return ferror(o->x->out) ? VSM_FAILED : VSM_DONE;
}

int vsm_export_ocel_visits(struct vsm_exporting *x) {
  struct ocel o = {.x = x, .comma = ""};
  fputs("{\"events\": [\n", x->out);
  int status = vsm_export_each_visit(x, put_visit, &o);
  fputs("],\n\"objects\": [\n", x->out);
  o.comma = "";
  if (!status)
    status = vsm_export_each_item(x, put_held, &o);
  return finish(&o, status);
}
