// SPDX-License-Identifier: Apache-2.0
// Three memories behind one bus: two processes read and two write at the same time.
#include "hls_burst_maxi.h"
#include "hls_stream.h"

using word_t = ap_uint<64>;

static void shared_read(hls::burst_maxi<word_t> from, hls::stream<word_t>& words, unsigned count) {
  from.read_request(0, count);
  for (unsigned i = 0; i < count; i++) {
#pragma HLS PIPELINE II = 1
    words.write(from.read());
  }
}

static void shared_sum(hls::burst_maxi<word_t> other, hls::stream<word_t>& words, hls::stream<word_t>& sums,
                       hls::burst_maxi<word_t> copy, unsigned count) {
  other.read_request(0, count);
  copy.write_request(0, count);
  for (unsigned i = 0; i < count; i++) {
#pragma HLS PIPELINE II = 1
    word_t x = words.read();
    word_t y = other.read();
    copy.write(x ^ y);
    sums.write(word_t(x + y));
  }
  copy.write_response();
}

static void shared_write(hls::stream<word_t>& sums, hls::burst_maxi<word_t> to, unsigned count) {
  to.write_request(0, count);
  for (unsigned i = 0; i < count; i++) {
#pragma HLS PIPELINE II = 1
    to.write(sums.read());
  }
}

void shared_bus(hls::burst_maxi<word_t> a, hls::burst_maxi<word_t> b, hls::burst_maxi<word_t> sum,
                hls::burst_maxi<word_t> mix, unsigned count) {
#pragma HLS INTERFACE m_axi port = a bundle = gmem
#pragma HLS INTERFACE m_axi port = b bundle = gmem
#pragma HLS INTERFACE m_axi port = sum bundle = gmem
#pragma HLS INTERFACE m_axi port = mix bundle = gmem
#pragma HLS DATAFLOW
  hls::stream<word_t> words, sums;
#pragma HLS STREAM variable = sums depth = 64
  shared_read(a, words, count);
  shared_sum(b, words, sums, mix, count);
  shared_write(sums, sum, count);
}
