// SPDX-License-Identifier: Apache-2.0
// Two modules that read one table: one needs all of its bits, the other the lowest.
#include <ap_int.h>
#include <hls_stream.h>
#include <stdint.h>
static constexpr int8_t table[4][2] = {{-64, -95}, {65, -94}, {-61, 119}, {85, -17}};
static int lowest(ap_int<17> x) {
#pragma HLS INLINE off
  return table[x & 3][x > 0] & 1;
}
static int whole(ap_int<17> x) {
#pragma HLS INLINE off
  return table[x & 3][1];
}
void tables_of_modules(hls::stream<int>& in, hls::stream<int>& out, ap_uint<8> count) {
  for (int round = 0; round < count; round++) {
    const int x = in.read();
    out.write(lowest(x) + 2 * whole(x >> 3));
  }
}
