// SPDX-License-Identifier: Apache-2.0
#include <ap_fixed.h>
#include <hls_stream.h>
void top(hls::stream<int>& in, hls::stream<int>& out) {
  ap_fixed<16, 8> half;
  if (in.read() > half) out.write(1);  // error: variable 'half' is uninitialized when used here
}
