// SPDX-License-Identifier: Apache-2.0
// LOAD and STORE alone: pixels (uint8), activations (int16) or embeddings (int32) in, of the image or of the
// weights region; words of int16 or int32 out.
#include <ap_int.h>
#include <hls_stream.h>

#include "edgemoe/transfers.hpp"

using namespace edgemoe;

void embedding_kernel(hls::stream<Beat>& inputs, hls::stream<Feed>& weights, hls::stream<Beat>& results,
                      ap_uint<2> format, ap_uint<2> region, ap_uint<16> words) {
  Memories memory;
  partition(memory);

  Command command = unpack_descriptor(0);
  command.space = format == kFormatI32 ? int(kSpaceResidual) : int(kSpaceAct);
  command.format = format;
  command.region = region;
  command.size = words;
  load(command, weights, inputs, memory);
  store_words(command, memory, results);
}
