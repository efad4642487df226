// The event loop; its .c is the only file that knows libevent.
#pragma once
#include <stdint.h>

struct vsm_loop;
struct vsm_watch; // a descriptor
struct vsm_timer;
struct vsm_catch; // a signal

typedef void vsm_loop_fn(void *ctx);

struct vsm_loop *vsm_loop_create(void); // NULL: no memory
void vsm_loop_destroy(struct vsm_loop *loop);
int vsm_loop_run(struct vsm_loop *loop); // until stopped; 0 or VSM_EIO
void vsm_loop_stop(struct vsm_loop *loop);
// Called after each call of any other, whatever it did. NULL: none.
void vsm_loop_after_each(struct vsm_loop *loop, vsm_loop_fn *fn, void *ctx);

// Calls fn when the descriptor is readable. NULL: no memory.
struct vsm_watch *vsm_watch_create(struct vsm_loop *loop, int fd, vsm_loop_fn *fn, void *ctx);
void vsm_watch_destroy(struct vsm_watch *w);
void vsm_watch_kick(struct vsm_watch *w); // calls it once more, though the descriptor may say nothing

struct vsm_timer *vsm_timer_create(struct vsm_loop *loop, vsm_loop_fn *fn, void *ctx);
void vsm_timer_destroy(struct vsm_timer *t);
void vsm_timer_set(struct vsm_timer *t, int64_t in_us); // once; replaces what was set
void vsm_timer_clear(struct vsm_timer *t);

struct vsm_catch *vsm_catch_create(struct vsm_loop *loop, int signal, vsm_loop_fn *fn, void *ctx);
void vsm_catch_destroy(struct vsm_catch *c);
