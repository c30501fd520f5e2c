// SPDX-License-Identifier: Apache-2.0
// 256 stores of one block, which share a port: turns were found by raising one of two a cycle, over and over, and the
// number of tries grows with the square of the stores.
#include <ap_int.h>
#include <hls_stream.h>

struct row {
  int values[8];
};

void block_of_stores(hls::stream<ap_uint<8>>& in, hls::stream<ap_uint<64>>& out, int count) {
  row m[32] = {};
  for (int round = 0; round < count; round++) {
    const ap_uint<8> x = in.read();
    m[x & 31].values[x & 7] += x + 1;
    out.write(ap_uint<64>(m[(x >> 1) & 31].values[(x >> 2) & 7]));
  }
}
