// SPDX-License-Identifier: Apache-2.0
#include <hls_stream.h>
void top(hls::stream<int>& in, hls::stream<int>& out) {
  int sums[2];
  for (int i = 0; i < 8; i++) sums[i & 1] += in.read();  // warning: 'sums' is read here before anything was written
  out.write(sums[0] + sums[1]);
}
