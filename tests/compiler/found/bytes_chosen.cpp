// SPDX-License-Identifier: Apache-2.0
// An index chosen among constants by two conditions, which LLVM turns into a number of bytes chosen among 4,
// 8 and 0.
#include <ap_int.h>
#include <hls_stream.h>

void bytes_chosen(hls::stream<ap_uint<8>>& in, hls::stream<ap_uint<64>>& out, int count) {
  int m[16];
  for (int i = 0; i < 16; i++)
    m[i] = i * 37 - 5;
  for (int round = 0; round < count; round++) {
    const ap_uint<8> x = in.read();
    const bool a = x & 1, b = x & 2, c = x & 4;
    m[a ? (b ? 3 : 5) : c ? 0 : 4] += x;
    out.write(ap_uint<64>(m[a || b] + m[a ? (b ? 1 : c ? 7 : 0) : 2]));
  }
}
