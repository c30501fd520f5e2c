// SPDX-License-Identifier: Apache-2.0
// LLVM adds the chosen row of the outer array to the address of an inner element: a move of an array around it.
#include <ap_int.h>
#include <hls_stream.h>

struct parts {
  short rows[8][2];
  int sum;
};

void moved_around(hls::stream<ap_uint<8>>& in, hls::stream<ap_uint<64>>& out, int count) {
  parts m[3] = {};
  for (int round = 0; round < count; round++) {
    const ap_uint<8> x = in.read();
    const unsigned k = x & 7;
    m[round % 3].rows[k][x & 1] += x;
    m[x > 9 ? 1 : 2].rows[k][x > 20 ? 1 : 0] += 3;
    out.write(ap_uint<64>(m[x > 99 ? 0 : 1].rows[(k * k) & 7][x > 40] + m[k == 2].rows[round & 7][round > 3 ? 1 : 0]));
  }
}
