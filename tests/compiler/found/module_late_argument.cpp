// SPDX-License-Identifier: Apache-2.0
// A module reads its second argument cycles after its start, when a block of states computes that argument
// only.
#include <ap_int.h>
#include <hls_stream.h>
static const short table[8] = {3, -100, 70, 9, -9, 1000, 5, 2};
static ap_int<24> late(int a, ap_int<9> b) {
#pragma HLS INLINE off
  return ap_int<24>(table[a & 7] * a * a * 3 + b);
}

void module_late_argument(hls::stream<ap_uint<8>>& in, hls::stream<ap_uint<64>>& out, int count) {
  int last = 1;
  for (int round = 0; round < count; round++) {
    const ap_uint<8> x = in.read();
    last = late(x, ap_int<9>(x * last * 7 / 5));
    out.write(ap_uint<64>(last));
  }
}
