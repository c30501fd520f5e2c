// SPDX-License-Identifier: Apache-2.0
#include <ap_int.h>
#include <hls_stream.h>
struct state {
  ap_uint<4> count;
  int sum;
};
void top(hls::stream<int>& in, hls::stream<int>& out, int n) {
  state s;
  s.count = 0;
  for (int i = 0; i < n; i++) {
    s.sum += in.read();  // warning: a value used here is not defined: 's', or the part of it that is used, has none yet
    s.count++;
  }
  out.write(n ? int(s.count) : 0);
}
