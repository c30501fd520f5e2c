// SPDX-License-Identifier: Apache-2.0
// 3x3 stencil over an image of run-time size, with two line buffers and a sliding window; borders replicate
// zeros.
#include <ap_int.h>
#include <hls_stream.h>

using Pixel = ap_uint<8>;
using Sum = ap_int<13>;
constexpr int kMaxWidth = 64;

void stencil(hls::stream<Pixel>& in, hls::stream<Sum>& out, ap_uint<8> height, ap_uint<8> width) {
  Pixel above[kMaxWidth], above2[kMaxWidth];
  Pixel window[3][3];
#pragma HLS ARRAY_PARTITION variable = window complete dim = 0
CLEAR:
  for (int x = 0; x < kMaxWidth; x++) {
#pragma HLS PIPELINE II = 1
    above[x] = 0;
    above2[x] = 0;
  }
ROWS:
  for (int y = 0; y < height; y++) {
    for (int i = 0; i < 3; i++) {
#pragma HLS UNROLL
      for (int j = 0; j < 3; j++) {
#pragma HLS UNROLL
        window[i][j] = 0;
      }
    }
  COLUMNS:
    for (int x = 0; x < width; x++) {
#pragma HLS PIPELINE II = 1
      const Pixel p = in.read();
      for (int i = 0; i < 3; i++) {
        window[i][0] = window[i][1];
        window[i][1] = window[i][2];
      }
      window[0][2] = above2[x];
      window[1][2] = above[x];
      window[2][2] = p;
      above2[x] = window[1][2];
      above[x] = p;
      Sum s = 0;
      for (int i = 0; i < 3; i++) {
        for (int j = 0; j < 3; j++)
          s += window[i][j] * ap_int<4>(i == 1 && j == 1 ? 7 : i + j - 3);
      }
      out.write(s);
    }
  }
}
