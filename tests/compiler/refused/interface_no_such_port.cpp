// SPDX-License-Identifier: Apache-2.0
#include <hls_stream.h>
void top(hls::stream<int>& in, hls::stream<int>& out) {
#pragma HLS INTERFACE axis port=input  // error: 'top' has no argument 'input'; it has in, out (and 'return')
  out.write(in.read());
}
