// SPDX-License-Identifier: Apache-2.0
// The engine as attention of its own: q, k and v come in as words of int16 (all heads of q, then of k, then
// of v, one plane a head), the context leaves likewise.
#include <ap_int.h>
#include <hls_stream.h>

#include "edgemoe/engine.hpp"
#include "edgemoe/transfers.hpp"

using namespace edgemoe;

/// Fills `keys`, which LOAD does not reach.
static void load_keys(hls::stream<Beat>& inputs, KeyMemory& keys, ap_uint<16> words) {
KEYS:
  for (ap_uint<16> row = 0; row != words; ++row) {
  KEY_BANK:
    for (int bank = 0; bank < kBanks; ++bank) {
#pragma HLS PIPELINE II = 1
      write_key_beat(keys, row, bank, inputs.read());
    }
  }
}

void attention_kernel(hls::stream<Beat>& inputs, hls::stream<Beat>& results, ap_uint<16> tokens,
                      ap_uint<8> heads, ap_uint<16> mult0, ap_uint<8> shift0, ap_uint<16> mult1,
                      ap_uint<8> shift1) {
  Memories memory;
  partition(memory);

  const ap_uint<16> words = ap_uint<16>(heads * tokens);
  Command command = unpack_descriptor(0);
  command.space = int(kSpaceAct);
  command.format = int(kFormatI16);
  command.size = words;
  command.region = int(kRegionImage);
  hls::stream<Feed> weights;  // none come
  load(command, weights, inputs, memory);
  load_keys(inputs, memory.keys, ap_uint<16>(words * 2));

  command.opcode = int(kOpcodeAttention);
  command.tokens = tokens;
  command.k_tiles = tokens;
  command.heads = heads;
  command.src_stride = tokens;
  command.aux_base = words;
  command.aux_stride = tokens;
  command.dst_base = words;
  command.dst_stride = tokens;
  command.key_stride = tokens;
  command.mult0 = mult0;
  command.shift0 = shift0;
  command.mult1 = mult1;
  command.shift1 = shift1;
  Statistics statistics = clear_statistics(0);
  engine(command, weights, results, memory, statistics);

  command.src_base = command.dst_base;
  command.size = words;
  store_words(command, memory, results);
}
