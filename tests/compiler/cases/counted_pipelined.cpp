// SPDX-License-Identifier: Apache-2.0
// As counted.cpp, in a pipelined loop: the writes of iterations under way count.
#include <hls_stream.h>
static void fill(hls::stream<int>& in, hls::stream<int>& q, hls::stream<int>& count) {
  int n = 0, f = in.read();
  for (int i = 0; i < 9; i++) {
#pragma HLS PIPELINE II=1
    if (q.write_nb(i * f)) n++;
    else if (n == 99) q.write(3);
  }
  count.write(n);
}
static void drain(hls::stream<int>& q, hls::stream<int>& count, hls::stream<int>& out) {
  int n = count.read();
  out.write(n);
  for (int i = 0; i < n; i++) {
#pragma HLS PIPELINE II=1
    out.write(q.read());
  }
}
void top(hls::stream<int>& in, hls::stream<int>& out) {
#pragma HLS DATAFLOW
  hls::stream<int> q, count;
#pragma HLS STREAM variable=q depth=5
  fill(in, q, count);
  drain(q, count, out);
}
