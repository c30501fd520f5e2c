// SPDX-License-Identifier: Apache-2.0
// Pipelines at II 2 and 3 whose iterations share a memory's port by cycle modulo II, with an input that may stall.
#include <hls_stream.h>

void shared_port(hls::stream<long long>& in, hls::stream<long long>& out, int count) {
  unsigned char m[16];
  for (int i = 0; i < 16; i++) m[i] = i * 7;
TWO:
  for (int r = 0; r < count; r++) {
#pragma HLS PIPELINE II = 2
    int x = in.read();
    m[x & 15] += 3;
    out.write(m[r & 15]);
  }
THREE:
  for (int r = 0; r < count; r++) {
#pragma HLS PIPELINE II = 3
    int x = in.read();
    m[x & 15] += m[(x >> 4) & 15];
    out.write(m[r & 15]);
  }
}
