// SPDX-License-Identifier: Apache-2.0
// The store process: writes result beats and statistics records, in the order of the commands.
#pragma once

#include <hls_burst_maxi.h>
#include <hls_cycle.h>
#include <hls_stream.h>

#include "edgemoe/command.hpp"
#include "edgemoe/packing.hpp"

namespace edgemoe {

/// Regions that the store process writes, in Transfer::region.
constexpr int kStoreOutput = 0;
constexpr int kStoreStatistics = 1;

/// Writes one transfer and waits for its acknowledgement.
inline void store_region(hls::burst_maxi<Beat> region, const Transfer& transfer, hls::stream<Beat>& results) {
  region.write_request(transfer.offset / kBeatBytes, transfer.beats);
STORE_BEATS:
  for (ap_uint<32> i = 0; i != transfer.beats; ++i) {
#pragma HLS PIPELINE II = 1
    region.write(results.read());
  }
  region.write_response();
}

/// `cycles`: from the start to the last acknowledged write.
inline void store(hls::burst_maxi<Beat> output, hls::burst_maxi<Beat> statistics,
                  hls::stream<TransferWord>& transfers, hls::stream<Beat>& results, ap_uint<32>& cycles) {
  const ap_uint<32> start = hls::cycle_count();
  bool running = true;
STORE_TRANSFERS:
  while (running) {
    const Transfer transfer = unpack_transfer(transfers.read());
    if (transfer.end) {
      running = false;
    } else if (transfer.region == kStoreStatistics) {
      store_region(statistics, transfer, results);
    } else {
      store_region(output, transfer, results);
    }
  }
  cycles = ap_uint<32>(hls::cycle_count() - start);
}

}  // namespace edgemoe
