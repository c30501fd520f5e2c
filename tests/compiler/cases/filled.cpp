// SPDX-License-Identifier: Apache-2.0
// write_nb and full(): what finds no place is kept and tried again, so that the results do not depend on time.
#include <ap_int.h>
#include <hls_stream.h>
static void producer(hls::stream<int>& in, hls::stream<int>& middle, hls::stream<int>& left) {
  int next = in.read(), missed = 0, sent = 0;
  while (sent < 20) {
    if (middle.write_nb(next)) {
      sent++;
      next = sent < 20 ? in.read() : 0;
    } else {
      missed++;
    }
  }
  for (int i = 0; i < 12; i++) {
    int x = in.read();
    while (middle.full()) missed++;
    middle.write(x + 1);
  }
  left.write(missed >= 0);
}
static void consumer(hls::stream<int>& middle, hls::stream<int>& out) {
  int sum = 0;
  for (int i = 0; i < 32; i++) {
#pragma HLS PIPELINE II=3
    sum = sum * 3 + middle.read();
    out.write(sum);
  }
}
void top(hls::stream<int>& in, hls::stream<int>& out, hls::stream<int>& left) {
#pragma HLS DATAFLOW
  hls::stream<int> middle;
#pragma HLS STREAM variable=middle depth=3
  producer(in, middle, left);
  consumer(middle, out);
}
