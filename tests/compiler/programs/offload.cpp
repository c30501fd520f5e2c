// SPDX-License-Identifier: Apache-2.0
// Memory to memory through three processes and two streams, one AXI master per direction.
#include <ap_int.h>
#include <hls_burst_maxi.h>
#include <hls_stream.h>

using Word = ap_int<32>;
using Wide = ap_int<40>;

static void load(hls::burst_maxi<Word> from, hls::stream<Word>& out, ap_uint<16> words) {
  for (unsigned at = 0; at < words; at += 50) {
    const unsigned burst = words - at < 50 ? unsigned(words) - at : 50;
    from.read_request(at, burst);
    for (unsigned i = 0; i < burst; i++) {
#pragma HLS PIPELINE II = 1
      out.write(from.read());
    }
  }
}

static void filter(hls::stream<Word>& in, hls::stream<Wide>& out, ap_uint<16> words, Word gain) {
  Wide state = 0;
  for (int i = 0; i < words; i++) {
#pragma HLS PIPELINE II = 1
    const Word x = in.read();
    if (x < 0) {
      state = Wide(x) * 3 + gain;
    } else if (i & 1) {
      state += x;
    }
    out.write(state);
  }
}

static void save(hls::stream<Wide>& in, hls::burst_maxi<Word> to, ap_uint<16> words, ap_uint<32>& checksum) {
  ap_uint<32> sum = 0;
  if (words != 0) to.write_request(0, words);
  for (int i = 0; i < words; i++) {
#pragma HLS PIPELINE II = 1
    const Wide v = in.read();
    const Word w = (v >> 3) ^ v;
    sum += ap_uint<32>(w);
    to.write(w);
  }
  if (words != 0) to.write_response();
  checksum = sum;
}

void offload(hls::burst_maxi<Word> from, hls::burst_maxi<Word> to, ap_uint<16> words, Word gain,
             ap_uint<32>& checksum) {
#pragma HLS INTERFACE m_axi port = from bundle = gmem0
#pragma HLS INTERFACE m_axi port = to bundle = gmem1
#pragma HLS DATAFLOW
  hls::stream<Word> loaded;
  hls::stream<Wide> filtered;
#pragma HLS STREAM variable = loaded depth = 16
#pragma HLS STREAM variable = filtered depth = 4
  load(from, loaded, words);
  filter(loaded, filtered, words, gain);
  save(filtered, to, words, checksum);
}
