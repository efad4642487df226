// A table of a message as CSV (RFC 4180), for spreadsheets.
#pragma once
#include <stddef.h>
#include <stdio.h>

struct ProtobufCMessage;

// path: the repeated fields that lead to the rows, by dots: "value_streams.stages.windows"; "": the message is the row.
// A row has the fields of its own under their names, those of a message inside as "cycle_time.p50", and before them
// those of the rows above, as "stages.id". Of what is repeated beside the path, texts stand in one cell, by blanks;
// messages are left out. Without rows there are the names alone.
void vsm_csv_print(FILE *out, const struct ProtobufCMessage *message, const char *path);

// For tables of another kind: a cell, and the end of a row. Texts that a spreadsheet would take for a formula get a '
// in front.
void vsm_csv_text(FILE *out, const char *text);
void vsm_csv_names(FILE *out,
                   const struct ProtobufCMessage *message); // the names of a message's fields, and its values,
void vsm_csv_values(FILE *out, const struct ProtobufCMessage *message); // as the last cells of a row
