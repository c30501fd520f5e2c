// SPDX-License-Identifier: Apache-2.0
#include <ap_int.h>
#include <hls_stream.h>
void top(hls::stream<int>& in, hls::stream<int>& out, int n) {
  int a[8];
#pragma HLS ARRAY_PARTITION variable=a complete
  for (ap_uint<4> i = 0; i <= 8; i++) {
#pragma HLS UNROLL
    a[i] = in.read();  // error: this reaches element 8 of 'a', which has 8
  }
  out.write(a[n & 7]);
}
