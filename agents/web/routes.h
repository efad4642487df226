// Which handler answers what: the table of routes.
#pragma once
#include <stdbool.h>
#include <stddef.h>

struct vsm_exchange;
struct evhttp_request;

// Answers at once, or keeps the exchange until it can.
typedef void vsm_handler_fn(struct vsm_exchange *x);

struct vsm_route {
  const char *method;  // "GET" answers HEAD, too
  const char *pattern; // a path; a * stands for one or more segments: /api/v1/items/*
  vsm_handler_fn *handle;
  const char *kind;   // of a question: the field of vsm.v1.Request and of vsm.v1.Reply
  const char *params; // names of what may stand behind the ?, by spaces
  bool open;          // needs no token
  const char *table;  // what text/csv is of, as vsm_csv_print() takes it; NULL: there is none
};

extern const struct vsm_route vsm_routes[];
extern const size_t vsm_routes_n;

// As vsm_web's general callback: finds the route, and says so where there is none.
void vsm_routes_dispatch(struct evhttp_request *req, void *web);
