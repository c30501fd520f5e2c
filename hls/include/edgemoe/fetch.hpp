// SPDX-License-Identifier: Apache-2.0
// The fetch process: reads weights, records and images in the order of the commands. It runs ahead of the
// computation by the depth of the beat stream, which is the prefetch.
#pragma once

#include <hls_burst_maxi.h>
#include <hls_stream.h>

#include "edgemoe/command.hpp"
#include "edgemoe/packing.hpp"

namespace edgemoe {

inline void fetch_region(hls::burst_maxi<Beat> region, const Transfer& transfer, hls::stream<Beat>& beats) {
  region.read_request(transfer.offset / kBeatBytes, transfer.beats);
FETCH:
  for (ap_uint<32> i = 0; i != transfer.beats; ++i) {
#pragma HLS PIPELINE II = 1
    beats.write(region.read());
  }
}

inline void fetch(hls::burst_maxi<Beat> weights, hls::burst_maxi<Beat> image,
                  hls::stream<TransferWord>& transfers, hls::stream<Beat>& beats) {
  bool running = true;
FETCH_TRANSFERS:
  while (running) {
    const Transfer transfer = unpack_transfer(transfers.read());
    if (transfer.end) {
      running = false;
    } else if (transfer.region == kRegionImage) {
      fetch_region(image, transfer, beats);
    } else {
      fetch_region(weights, transfer, beats);
    }
  }
}

}  // namespace edgemoe
