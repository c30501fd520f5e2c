// SPDX-License-Identifier: Apache-2.0
// The first process writes three elements to a channel of depth 2 before the other channel gets one: the second
// process has read one of them by then, in the program, and in hardware waits for both.
#include <hls_stream.h>
static void p(hls::stream<int>& in, hls::stream<int>& a, hls::stream<int>& b) {
  for (int i = 0; i < 8; i++) {
    int x = in.read();
    if (i == 0) { a.write(x); a.write(x + 1); a.write(x + 2); b.write(x);}
    else if (i < 6) { a.write(x); b.write(x); }
    else b.write(x);
  }
}
static void q(hls::stream<int>& a, hls::stream<int>& b, hls::stream<int>& out) {
  for (int i = 0; i < 8; i++) {
#pragma HLS PIPELINE II=1
    int x = a.read();
    out.write(x + b.read());
  }
}
void top(hls::stream<int>& in, hls::stream<int>& out) {
#pragma HLS DATAFLOW
  hls::stream<int> a, b;
  p(in, a, b); q(a, b, out);
}
