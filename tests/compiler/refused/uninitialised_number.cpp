// SPDX-License-Identifier: Apache-2.0
#include <ap_int.h>
#include <hls_stream.h>
void top(hls::stream<int>& in, hls::stream<int>& out, int n) {
  ap_uint<12> sum;
  for (int i = 0; i < n; i++) sum += in.read();  // error: variable 'sum' is uninitialized when used here
  out.write(sum);
}
