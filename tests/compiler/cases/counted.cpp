// SPDX-License-Identifier: Apache-2.0
// Nobody reads `middle` before its writer has seen it full, so the count is its depth.
#include <ap_int.h>
#include <hls_stream.h>
static void producer(hls::stream<int>& in, hls::stream<int>& middle, hls::stream<int>& count) {
  int n = 0;
  while (!middle.full()) {
    middle.write(in.read());
    n++;
  }
  count.write(n);
}
static void consumer(hls::stream<int>& middle, hls::stream<int>& count, hls::stream<int>& out) {
  int n = count.read();
  out.write(n);
  for (int i = 0; i < n; i++) out.write(middle.read());
}
void top(hls::stream<int>& in, hls::stream<int>& out) {
#pragma HLS DATAFLOW
  hls::stream<int> middle, count;
#pragma HLS STREAM variable=middle depth=5
  producer(in, middle, count);
  consumer(middle, count, out);
}
