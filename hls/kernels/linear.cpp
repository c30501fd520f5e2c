// SPDX-License-Identifier: Apache-2.0
// The engine as a linear layer of its own: tokens come in as words of int16, weights as feeds in DRAM order,
// results leave as the DRAM epilogue writes them ([column tile][token][8]).
#include <ap_int.h>
#include <hls_stream.h>

#include "edgemoe/engine.hpp"
#include "edgemoe/transfers.hpp"

using namespace edgemoe;

void linear_kernel(hls::stream<Beat>& inputs, hls::stream<Feed>& weights, hls::stream<Beat>& results,
                   ap_uint<16> tokens, ap_uint<16> k_tiles, ap_uint<16> n_tiles, ap_uint<8> weight_bits) {
  Memories memory;
  partition(memory);

  Command command = unpack_descriptor(0);
  command.space = int(kSpaceAct);
  command.format = int(kFormatI16);
  command.size = k_tiles * tokens;
  command.region = int(kRegionImage);
  load(command, weights, inputs, memory);

  command.opcode = int(kOpcodeLinear);
  command.epilogue = int(kEpilogueDram);
  command.weight_bits = weight_bits;
  command.tokens = tokens;
  command.k_tiles = k_tiles;
  command.n_tiles = n_tiles;
  command.src_stride = tokens;
  Statistics statistics = clear_statistics(0);
  engine(command, weights, results, memory, statistics);
}
