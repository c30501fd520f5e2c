// SPDX-License-Identifier: Apache-2.0
// A struct whose one member is a large array, copied as a whole.
#include <ap_int.h>
#include <hls_stream.h>
struct inner {
  short m0[10];
  int m1[9];
};
struct outer {
  inner m0[2];
};

void large_member_copied(hls::stream<ap_uint<8>>& in, hls::stream<ap_uint<64>>& out, int count) {
  outer m = {};
  for (int round = 0; round < count; round++) {
    const ap_uint<8> x = in.read();
    m.m0[x & 1].m0[(x >> 1) % 10] = x;
    m.m0[x & 1].m1[(x >> 2) % 9] += x;
    const outer kept = m;
    out.write(ap_uint<64>(kept.m0[x >> 7].m0[x % 10] + kept.m0[round & 1].m1[x % 9]));
  }
}
