// SPDX-License-Identifier: Apache-2.0
#include <hls_stream.h>
#define MY_II 2
#define F 2
#define BUFFER w
void top(hls::stream<int>& in, hls::stream<int>& out) {
  int w[16];
#pragma HLS ARRAY_PARTITION variable=BUFFER cyclic factor=F * 2  // taken: macros as the values of a pragma
  for (int i = 0; i < 16; i++) {
#pragma HLS PIPELINE II=MY_II
    w[i] = in.read();
  }
  for (int i = 0; i < 16; i++) {
    _Pragma("HLS PIPELINE II=MY_II") out.write(w[15 - i]);
  }
}
