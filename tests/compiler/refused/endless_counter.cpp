// SPDX-License-Identifier: Apache-2.0
#include <ap_int.h>
#include <hls_stream.h>
void top(hls::stream<int>& in, hls::stream<int>& out, ap_uint<3> n, unsigned char m) {
  for (ap_uint<3> i = 0; i <= n; i++)  // warning: the counter has 3 bits, and its bound may be 7: then this loop never
    out.write(in.read());
  for (unsigned char i = 0; i <= m; i++)  // warning: the counter has 8 bits, and its bound may be 255
    out.write(in.read());
  for (ap_uint<3> i = 0; i < n; i++) out.write(in.read());
}
