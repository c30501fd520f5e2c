// SPDX-License-Identifier: Apache-2.0
#include <hls_stream.h>
void top(float scale, hls::stream<int>& out) {
  out.write(int(scale * 3));  // error: floating point at run time is not supported
}
