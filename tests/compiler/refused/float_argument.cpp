// SPDX-License-Identifier: Apache-2.0
#include <hls_stream.h>
void top(float scale, hls::stream<int>& out) {  // error: floating point
  out.write(int(scale * 3));
}
