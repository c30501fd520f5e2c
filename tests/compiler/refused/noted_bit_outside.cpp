// SPDX-License-Identifier: Apache-2.0
#include <ap_int.h>
#include <hls_stream.h>
void top(hls::stream<int>& in, hls::stream<int>& out) {
  ap_uint<8> x = in.read();
  out.write(x[8]);           // warning: this bit is outside the value
  out.write(x.range(9, 2));  // warning: this bit is outside the value
}
