// SPDX-License-Identifier: Apache-2.0
// A row of one element has the stride of its element: the numbers of rows and of elements that a chosen number of bytes
// is had one name, and the row was always the first one. An array that is used otherwise (of rows, partitioned) makes
// LLVM's addresses count elements.
#include <ap_int.h>
#include <hls_stream.h>

struct single {
  short values[1];
  int sum;
};
struct rows {
  short values[4][3];
  int sum;
};

void rows_of_one(hls::stream<ap_uint<8>>& in, hls::stream<ap_uint<64>>& out, int count) {
  rows m[4] = {};
#pragma HLS ARRAY_PARTITION variable = m cyclic factor = 2 dim = 1
  single n[3] = {};
  for (int round = 0; round < count; round++) {
    const ap_uint<8> x = in.read();
    long f = m[((x ^ round) & 2) ? 3 : 2].values[0][(round & 1) ? 0 : 1];
    n[((x ^ round) & 2) ? 0 : 1].values[0] += x;
    f = f * 3 + n[((x ^ round) & 2) ? 0 : 1].values[0];
    n[x > 30 ? 2 : 1].values[0] += x + 5;
    out.write(ap_uint<64>(f));
  }
}
