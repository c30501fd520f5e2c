// SPDX-License-Identifier: Apache-2.0
#include <hls_stream.h>
static void limit(int& most, int n) {
  if (n > 5) most = n;
}
void top(hls::stream<int>& in, hls::stream<int>& out, int n) {
  int most;
  limit(most, n);
  if (in.read() < most) out.write(n);  // warning: 'most', or the part of it that is used here, is written on some
}
