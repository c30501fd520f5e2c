// SPDX-License-Identifier: Apache-2.0
// An iteration writes a request and reads the answer to it, so that it cannot wait for all that it reads at once.
#include <hls_stream.h>
static void p(hls::stream<int>& in, hls::stream<int>& req, hls::stream<int>& resp, hls::stream<int>& out) {
  for (int i = 0; i < 8; i++) {
#pragma HLS PIPELINE II=1
    req.write(in.read());
    out.write(resp.read() + i);
  }
}
static void q(hls::stream<int>& req, hls::stream<int>& resp) {
  for (int i = 0; i < 8; i++) {
#pragma HLS PIPELINE II=1
    resp.write(req.read() * 3);
  }
}
void top(hls::stream<int>& in, hls::stream<int>& out) {
#pragma HLS DATAFLOW
  hls::stream<int> req, resp;
  p(in, req, resp, out); q(req, resp);
}
