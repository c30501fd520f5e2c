// SPDX-License-Identifier: Apache-2.0
// Scalars in and out only: outputs are registers that the process writes when it is done, and reads of a
// running value.
#include <ap_int.h>

void running(ap_uint<32> seed, ap_uint<16> rounds, ap_uint<32>& value, ap_int<48>& sum, bool& odd) {
  ap_uint<32> x = seed;
  ap_int<48> total = 0;
XORSHIFT:
  for (int i = 0; i < rounds; i++) {
#pragma HLS PIPELINE II = 1
    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    total += ap_int<32>(x);
  }
  value = x;
  sum = total;
  odd = x[0];
}
