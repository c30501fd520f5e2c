// SPDX-License-Identifier: Apache-2.0
// Pipelined loops that ask whether a stream is full. What is written does not depend on how often it is.
#include <hls_stream.h>

void full_streams(hls::stream<int>& in, hls::stream<int>& out) {
  const int factor = in.read();
  int tries = 0;
TESTED:
  for (int sent = 0; sent < 40;) {
#pragma HLS PIPELINE II=1
    if (!out.full()) {
      out.write(factor * sent);
      sent++;
    } else {
      tries++;
    }
  }
TRIED:
  for (int sent = 0; sent < 30;) {
#pragma HLS PIPELINE II=1
    if (out.write_nb(sent * factor)) sent++;
  }
TWICE:
  for (int sent = 0; sent < 30;) {
#pragma HLS PIPELINE II=1
    if (out.write_nb(sent + factor)) sent++;
    if (sent < 30 && out.write_nb(sent + factor)) sent++;
  }
THROUGH:
  for (int got = 0; got < 20;) {
#pragma HLS PIPELINE II=1
    if (!out.full() && !in.empty()) {
      out.write(in.read() * 3);
      got++;
    }
    if (got < 20 && !out.full()) {
      out.write(in.read() * 3);
      got++;
    }
  }
  if (tries < 0) out.write(tries);
}
