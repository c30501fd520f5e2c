// SPDX-License-Identifier: Apache-2.0
#include <hls_stream.h>
void top(hls::stream<int>& in, int ap_start, hls::stream<int>& out) {  // error: 'ap_start' has the name of a port
  out.write(in.read() + ap_start);
}
