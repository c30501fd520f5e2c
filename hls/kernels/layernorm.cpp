// SPDX-License-Identifier: Apache-2.0
// LayerNorm alone: words of int32 in (plane by plane), channel records, normalised words out in the same
// order.
#include "edgemoe/layernorm.hpp"

#include <ap_int.h>
#include <hls_stream.h>

#include "edgemoe/transfers.hpp"

using namespace edgemoe;

void layernorm_kernel(hls::stream<Beat>& inputs, hls::stream<Feed>& records, hls::stream<Beat>& results,
                      ap_uint<16> tokens, ap_uint<16> k_tiles, ap_uint<32> dim, ap_uint<64> eps) {
  Memories memory;
  partition(memory);
  NormMemories norms;
  partition(norms);

  Command command = unpack_descriptor(0);
  command.space = int(kSpaceResidual);
  command.format = int(kFormatI32);
  command.size = k_tiles * tokens;
  command.region = int(kRegionImage);
  load(command, records, inputs, memory);

  command.tokens = tokens;
  command.k_tiles = k_tiles;
  command.dim = dim;
  command.eps = eps;
  command.src_stride = tokens;
  command.dst_stride = tokens;
  layernorm(command, memory.residual, norms, memory.act, records);

  command.space = int(kSpaceAct);
  store_words(command, memory, results);
}
