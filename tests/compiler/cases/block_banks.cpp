// SPDX-License-Identifier: Apache-2.0
// Memories in blocks of neighbours, also where the last block is shorter; banks chosen at run time.
#include <hls_stream.h>
void top(hls::stream<int>& in, hls::stream<int>& out) {
  int line[14], table[4][8];
#pragma HLS ARRAY_PARTITION variable=line type=block factor=4
#pragma HLS ARRAY_PARTITION variable=table type=block factor=2 dim=2
  for (int i = 0; i < 14; i++) line[i] = in.read();
  for (int i = 0; i < 32; i++) table[i >> 3][i & 7] = line[i % 14] + i;
  for (int i = 0; i < 32; i++) {
#pragma HLS PIPELINE II=1
    unsigned x = in.read();
    out.write(line[x % 14] ^ table[(x >> 4) & 3][(x >> 8) & 7]);
  }
}
