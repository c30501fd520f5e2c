// SPDX-License-Identifier: Apache-2.0
// The accelerator: four processes and the streams between them. One start runs one layer program, i.e. one
// image and one task. Each AXI master has one reader and one writer. Registers lie in the order of the
// arguments; docs/reference/machine.md says what they mean.
#include <ap_int.h>
#include <hls_burst_maxi.h>
#include <hls_stream.h>

#include "edgemoe/compute.hpp"
#include "edgemoe/fetch.hpp"
#include "edgemoe/store.hpp"
#include "edgemoe/walker.hpp"

using namespace edgemoe;

static void walk(hls::burst_maxi<Beat> program, ap_uint<32> program_bytes, ap_uint<32> weights_bytes,
                 ap_uint<32> image_bytes, ap_uint<32> output_bytes, ap_uint<32> statistics_bytes,
                 hls::stream<CommandWord>& commands, hls::stream<TransferWord>& fetches,
                 hls::stream<TransferWord>& stores, hls::stream<ap_uint<16>>& expert_tokens,
                 ap_uint<32>& status, ap_uint<32>& error_index, ap_uint<32>& records, ap_uint<32>& build_id,
                 ap_uint<32>& limits0, ap_uint<32>& limits1, ap_uint<32>& limits2, ap_uint<32>& limits3) {
  build_id = kBuildId;
  limits0 = kLimits0;
  limits1 = kLimits1;
  limits2 = kLimits2;
  limits3 = kLimits3;
  walker(program, program_bytes, weights_bytes, image_bytes, output_bytes, statistics_bytes, commands,
         fetches, stores, expert_tokens, status, error_index, records);
}

void accelerator(hls::burst_maxi<Beat> program, hls::burst_maxi<Stripe> weights0,
                 hls::burst_maxi<Stripe> weights1, hls::burst_maxi<Stripe> weights2,
                 hls::burst_maxi<Stripe> weights3, hls::burst_maxi<Beat> image, hls::burst_maxi<Beat> output,
                 hls::burst_maxi<Beat> statistics, ap_uint<32> program_bytes, ap_uint<32> weights_bytes,
                 ap_uint<32> image_bytes, ap_uint<32> output_bytes, ap_uint<32> statistics_bytes,
                 ap_uint<32>& status, ap_uint<32>& error_index, ap_uint<32>& cycles, ap_uint<32>& records,
                 ap_uint<32>& build_id, ap_uint<32>& limits0, ap_uint<32>& limits1, ap_uint<32>& limits2,
                 ap_uint<32>& limits3) {
#pragma HLS INTERFACE m_axi port = program bundle = gmem0 offset = slave
#pragma HLS INTERFACE m_axi port = weights0 bundle = gmem1 offset = slave
#pragma HLS INTERFACE m_axi port = weights1 bundle = gmem2 offset = slave
#pragma HLS INTERFACE m_axi port = weights2 bundle = gmem3 offset = slave
#pragma HLS INTERFACE m_axi port = weights3 bundle = gmem4 offset = slave
#pragma HLS INTERFACE m_axi port = image bundle = gmem5 offset = slave
#pragma HLS INTERFACE m_axi port = output bundle = gmem5 offset = slave
#pragma HLS INTERFACE m_axi port = statistics bundle = gmem0 offset = slave
#pragma HLS INTERFACE s_axilite port = return
#pragma HLS DATAFLOW
  hls::stream<CommandWord> commands;
#pragma HLS STREAM variable = commands depth = kCommandDepth
  hls::stream<TransferWord> fetches;
#pragma HLS STREAM variable = fetches depth = kCommandDepth
  hls::stream<TransferWord> stores;
#pragma HLS STREAM variable = stores depth = kCommandDepth
  hls::stream<Feed> feeds;
#pragma HLS STREAM variable = feeds depth = kFeedsDepth
  hls::stream<Beat> beats;
#pragma HLS STREAM variable = beats depth = kBeatsDepth
  hls::stream<Beat> results;
#pragma HLS STREAM variable = results depth = kStoreDepth
  hls::stream<ap_uint<16>> expert_tokens;
#pragma HLS STREAM variable = expert_tokens depth = kMaxExperts
  walk(program, program_bytes, weights_bytes, image_bytes, output_bytes, statistics_bytes, commands, fetches,
       stores, expert_tokens, status, error_index, records, build_id, limits0, limits1, limits2, limits3);
  fetch(weights0, weights1, weights2, weights3, image, fetches, feeds, beats);
  compute(commands, feeds, beats, results, expert_tokens);
  store(output, statistics, stores, results, cycles);
}
