// Decoding of frames against protobuf-c: a program that disagrees is stopped by assert.
#pragma once
#include <stddef.h>
#include <stdint.h>

void decode_oracle_batch(const uint8_t *p, size_t n);
void decode_oracle_request(const uint8_t *p, size_t n);
void decode_oracle_recover(const uint8_t *p, size_t n);
