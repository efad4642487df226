// What an endpoint of ZeroMQ is, as far as both sides need to know.
#pragma once
#include <stdbool.h>
#include <string.h>

// "tcp://[::1]:5571". ZeroMQ takes such an address only where the socket is told so before, and told so it would look
// for the IPv6 address of any name. So it is told for these alone.
static inline bool vsm_endpoint_is_ipv6(const char *endpoint) {
  return strncmp(endpoint, "tcp://[", 7) == 0;
}
