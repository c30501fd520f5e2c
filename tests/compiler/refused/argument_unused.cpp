// SPDX-License-Identifier: Apache-2.0
#include <hls_stream.h>
void top(hls::stream<int>& in, hls::stream<int>& out, int spare) {  // error: 'spare' of top is neither read nor written
  out.write(in.read());
}
