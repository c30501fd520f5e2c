// SPDX-License-Identifier: Apache-2.0
// 8 x 8 matrix product: one row of A against all columns of B a cycle, arrays partitioned.
#include <ap_int.h>
#include <hls_stream.h>
#include <hls_vector.h>

constexpr int kN = 8;
using Row = hls::vector<ap_int<8>, kN>;
using Out = hls::vector<ap_int<20>, kN>;

void matmul(hls::stream<Row>& a, hls::stream<Row>& b, hls::stream<Out>& c, ap_uint<8> products) {
  ap_int<8> m[kN][kN];
#pragma HLS ARRAY_PARTITION variable = m complete dim = 0
PRODUCTS:
  for (int p = 0; p < products; p++) {
  LOAD:
    for (int k = 0; k < kN; k++) {
#pragma HLS UNROLL
      const Row row = b.read();
      for (int j = 0; j < kN; j++)
        m[k][j] = row[j];
    }
  ROWS:
    for (int i = 0; i < kN; i++) {
#pragma HLS PIPELINE II = 1
      const Row row = a.read();
      Out y;
      for (int j = 0; j < kN; j++) {
        ap_int<20> s = 0;
        for (int k = 0; k < kN; k++)
          s += row[k] * m[k][j];
        y[j] = s;
      }
      c.write(y);
    }
  }
}
