// SPDX-License-Identifier: Apache-2.0
// Indices made of single bits and comparisons, which LLVM turns into a choice of addresses.
#include <ap_int.h>
#include <hls_stream.h>
#include <stdint.h>

void chosen_address(hls::stream<int8_t>& in, hls::stream<ap_uint<64>>& out, ap_int<12> count, bool gain) {
  long long m1[2] = {};
  long long m2[2][2] = {};
  char m3[4][2] = {};
  int8_t v = m2[0][(gain + gain) & 1] > m3[~gain & 3][gain >> gain] ? m2[(gain | gain) & 1][0] + 0 : -77;
  v -= m3[0][gain || gain] ^ 1236647573u;
  const signed char w = ((m1[int(v) & 1] < v) & 15) - (~m1[(v ^ 31ll) & 1] & 15);
  for (int round = 0; round < count; round++) {
    const int8_t x = in.read();
    v = x + x == m1[v & 1];
    m1[0] = m3[uint8_t(v | v) & 3][(round << (w & 31)) & 1] && 7;
    out.write(ap_uint<64>(v + m1[round & 1]));
  }
}
