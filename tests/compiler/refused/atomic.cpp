// SPDX-License-Identifier: Apache-2.0
#include <hls_stream.h>
void top(hls::stream<int>& in, hls::stream<int>& out) {
  _Atomic int x = in.read();
  out.write(x);  // error: atomic: no other process sees a variable of this one; declare it without that
}
