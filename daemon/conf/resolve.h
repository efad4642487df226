// From what was read to what the core needs: references looked up, what belongs together checked. Each adds its
// mistakes to the reader's report and its part to config->model.
#pragma once
#include "conf/reader.h"

extern const struct vsm_conf_map VSM_CONF_STAGE, VSM_CONF_CALENDAR;

// Fills model.calendars, all but their runs. The array, for vsm_conf_expand_calendars(). This comes first.
struct vsm_calendar *vsm_conf_resolve_calendars(struct vsm_conf_reader *r, struct vsm_config *config);
// Their runs: where there is no mistake.
void vsm_conf_expand_calendars(struct vsm_conf_reader *r, struct vsm_calendar *calendars, unsigned n);
// The id of the calendar in force: the nearest one said, NULL for none.
const char *vsm_conf_in_force(const struct vsm_conf_word *own, const char *outer);
// The calendar of an id; NULL where it is NULL or there is none, of which vsm_conf_resolve_times() complains.
const struct vsm_calendar *vsm_conf_calendar(const struct vsm_config *config, const char *id);
// Stages from the drawing or the file, their order and next ones; windows. Fills model.streams.
void vsm_conf_resolve_streams(struct vsm_conf_reader *r, struct vsm_config *config);
// Fills model.rules. The streams come first.
void vsm_conf_resolve_rules(struct vsm_conf_reader *r, struct vsm_config *config);
// Calendars in force, expectations and thresholds; working days become working time. Adds to model.streams.
void vsm_conf_resolve_times(struct vsm_conf_reader *r, struct vsm_config *config);
// How alerts behave at each stage, stream and source, and who is told. Fills what the model says of them beside the
// thresholds.
void vsm_conf_resolve_alerts(struct vsm_conf_reader *r, struct vsm_config *config);
// Where nothing is encrypted, nothing may listen beyond this machine, unless the configuration says so.
void vsm_conf_check_reach(struct vsm_conf_reader *r, const struct vsm_conf_daemon *daemon);
// A source with a key of its own needs one of ours.
void vsm_conf_check_server_keys(struct vsm_conf_reader *r, const struct vsm_config *config);
// Puts the stages of the stream's drawing in the place of those in the file, which add to them. False: no drawing
// could be read.
bool vsm_conf_take_diagram(struct vsm_conf_reader *r, struct vsm_conf_stream *stream);
