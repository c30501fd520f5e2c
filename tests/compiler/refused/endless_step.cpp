// SPDX-License-Identifier: Apache-2.0
#include <ap_int.h>
#include <hls_stream.h>
void top(hls::stream<int>& in, hls::stream<int>& out, int n) {
  for (int i = 0; i != 7; i += 2)  // warning: the counter goes from 0 in steps of 2 and is never 7
    out.write(in.read() + n);
  for (ap_uint<8> i = 0; i != 9; i += 4)  // warning: the counter goes from 0 in steps of 4 and is never 9
    out.write(in.read() + n);
  for (int i = 0; i != n; i += 2)  // warning: the counter moves by 2 and may step over the loop's end
    out.write(in.read() + n);
}
