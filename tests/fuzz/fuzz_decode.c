// Frames, requests and what a source answers: any bytes are safe, and what they say is what protobuf-c reads in them.
#include "tests/lib/decode_oracle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  decode_oracle_batch(data, size);
  decode_oracle_request(data, size);
  decode_oracle_recover(data, size);
  return 0;
}
