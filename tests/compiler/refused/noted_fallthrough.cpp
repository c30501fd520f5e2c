// SPDX-License-Identifier: Apache-2.0
#include <hls_stream.h>
void top(hls::stream<int>& in, hls::stream<int>& out) {
  int x = in.read();
  switch (x) {
    case 1: x += 3;
    case 2: x += 4; break;  // warning: unannotated fall-through between switch labels: end the case with break
    default: x = 0;
  }
  out.write(x);
}
