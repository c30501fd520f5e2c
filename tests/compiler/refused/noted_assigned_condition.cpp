// SPDX-License-Identifier: Apache-2.0
#include <hls_stream.h>
void top(hls::stream<int>& in, hls::stream<int>& out) {
  int x = in.read();
  if (x = 3) out.write(x);  // warning: using the result of an assignment as a condition
  out.write(in.read());
}
