// SPDX-License-Identifier: Apache-2.0
// The walker alone: a layer program in, the commands that it expands to out. Queue lengths come from a
// stream.
#include "edgemoe/walker.hpp"

#include <ap_int.h>
#include <hls_burst_maxi.h>
#include <hls_stream.h>

using namespace edgemoe;

void walker_kernel(hls::burst_maxi<Beat> program, ap_uint<32> program_bytes, ap_uint<32> weights_bytes,
                   ap_uint<32> image_bytes, ap_uint<32> output_bytes, ap_uint<32> statistics_bytes,
                   hls::stream<CommandWord>& commands, hls::stream<TransferWord>& fetches,
                   hls::stream<TransferWord>& stores, hls::stream<ap_uint<16>>& expert_tokens,
                   ap_uint<32>& status, ap_uint<32>& error_index, ap_uint<32>& records) {
#pragma HLS INTERFACE m_axi port = program bundle = gmem0 offset = slave
  walker(program, program_bytes, weights_bytes, image_bytes, output_bytes, statistics_bytes, commands,
         fetches, stores, expert_tokens, status, error_index, records);
}
