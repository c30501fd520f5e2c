// SPDX-License-Identifier: Apache-2.0
// A feedback graph with short FIFOs: conditional reads and writes inside pipelines, and a block that waits
// for the answer to what it just sent.
#include "hls_stream.h"

using data_t = ap_int<16>;
using flag_t = ap_uint<1>;

static void loopback_head(hls::stream<data_t>& in, hls::stream<data_t>& ask, hls::stream<data_t>& answer,
                          hls::stream<data_t>& odd, hls::stream<flag_t>& is_odd, unsigned count) {
  data_t y = 0;
  for (unsigned i = 0; i < count; i++) {
#pragma HLS PIPELINE II = 1
    data_t x = in.read();
    if (i > 0) y = answer.read();
    data_t z = data_t(data_t(x * y) * x + y);
    ask.write(data_t(z + i));
    is_odd.write(flag_t(z & 1));
    if ((z & 1) != 0) odd.write(z);
  }
  // The last answer, then one more round trip by hand.
  data_t last = answer.read();
  ask.write(data_t(last + 1));
  data_t again = answer.read();
  is_odd.write(1);
  odd.write(again);
}

static void loopback_echo(hls::stream<data_t>& ask, hls::stream<data_t>& answer, unsigned count) {
  for (unsigned i = 0; i < count + 1; i++) {
#pragma HLS PIPELINE II = 1
    data_t v = ask.read();
    answer.write(data_t(v * 3 + 1));
  }
}

static void loopback_tail(hls::stream<data_t>& odd, hls::stream<flag_t>& is_odd, hls::stream<data_t>& out,
                          unsigned count) {
  data_t k = 0;
  for (unsigned i = 0; i < count + 1; i++) {
#pragma HLS PIPELINE II = 1
    if (is_odd.read() == 1) k = odd.read();
    out.write(data_t(k * k + i));
  }
}

void loopback(hls::stream<data_t>& in, hls::stream<data_t>& out, unsigned count) {
#pragma HLS DATAFLOW
  hls::stream<data_t> ask, answer, odd;
  hls::stream<flag_t> is_odd;
#pragma HLS STREAM variable = ask depth = 1
#pragma HLS STREAM variable = is_odd depth = 4
  loopback_head(in, ask, answer, odd, is_odd, count);
  loopback_echo(ask, answer, count);
  loopback_tail(odd, is_odd, out, count);
}
