// SPDX-License-Identifier: Apache-2.0
#include <hls_stream.h>
void top(hls::stream<int>& in, hls::stream<int>& out) {
  const unsigned limit = in.read();
  const int x = in.read();
  if (x < limit) out.write(x);  // warning: comparison of integers of different signs
}
