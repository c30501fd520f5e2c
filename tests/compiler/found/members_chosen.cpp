// SPDX-License-Identifier: Apache-2.0
// Elements chosen at two levels of nested arrays, by conditions that LLVM turns into choices of addresses.
#include <ap_int.h>
#include <hls_stream.h>
#include <stdint.h>
struct small {
  short m0;
  int8_t m2[4];
};
struct large {
  int64_t m2[2];
  small m3[3];
};

void members_chosen(hls::stream<ap_uint<8>>& in, hls::stream<ap_uint<64>>& out, int count) {
  large m[4];
  for (int i = 0; i < 4; i++) {
    m[i].m2[0] = m[i].m2[1] = i * 1001;
    for (int j = 0; j < 3; j++) {
      m[i].m3[j].m0 = i - j;
      for (int k = 0; k < 4; k++)
        m[i].m3[j].m2[k] = i * 26 + j * 39 + k * 34;
    }
  }
  for (int round = 0; round < count; round++) {
    const ap_uint<8> x = in.read();
    const int v = x >> 3;
    out.write(ap_uint<64>(m[(x == 5)].m3[(round <= round)].m2[(!v)] + m[(round > v)].m2[(!v)]));
    m[(round > v)].m2[(!v)] = x;
    m[v & 3].m3[(v > 7)].m2[(x & 1)] = x;
  }
}
