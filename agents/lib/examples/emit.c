// Tells the daemon of three steps of one order, waits until they are safe, and says so.
//   example_emit tcp://127.0.0.1:5571
#include <poll.h>
#include <stdio.h>
#include <vsm/vsm.h>

static void on_ack(void *ctx, const struct vsm_emitter_ack *ack) {
  (void)ctx;
  printf("accepted %u, rejected %u\n", ack->accepted, ack->rejected);
  for (size_t i = 0; i < ack->n_errors; i++)
    printf("event %lu: %s: %s\n", (unsigned long)ack->errors[i].event, ack->errors[i].reason, ack->errors[i].detail);
}

int main(int argc, char **argv) {
  const char *endpoint = argc > 1 ? argv[1] : VSM_SUBMIT_DEFAULT;
  static const char *const steps[] = {"order.received", "order.checked", "order.shipped"};
  struct vsm_emitter *e;
  int err =
      vsm_emitter_create(&(struct vsm_emitter_options){.source = "example", .submit = endpoint, .on_ack = on_ack}, &e);
  for (size_t i = 0; err == 0 && i < 3; i++) {
    struct vsm_emitter_attribute region = {"region", "north"};
    struct vsm_emitter_event event = {.type = steps[i], .subject = "order-1", .data = &region, .n_data = 1};
    err = vsm_emitter_emit(e, &event);
  }
  while (err == 0 && vsm_emitter_pending(e) > 0) {
    poll(&(struct pollfd){.fd = vsm_emitter_fd(e), .events = POLLIN}, 1, vsm_emitter_timeout_ms(e));
    err = vsm_emitter_process(e);
  }
  if (err)
    fprintf(stderr, "%s: %s\n", endpoint, vsm_client_error(err));
  vsm_emitter_destroy(e);
  return err ? 1 : 0;
}
