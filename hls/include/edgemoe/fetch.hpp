// SPDX-License-Identifier: Apache-2.0
// The fetch process: reads weights, records and images in the order of the commands. It runs ahead of the
// computation by the depth of the feed stream, which is the prefetch.
#pragma once

#include <hls_burst_maxi.h>
#include <hls_stream.h>

#include "edgemoe/command.hpp"
#include "edgemoe/packing.hpp"

namespace edgemoe {

inline void fetch_image(hls::burst_maxi<Beat> region, const Transfer& transfer, hls::stream<Beat>& beats) {
  region.read_request(transfer.offset / kBeatBytes, transfer.beats);
FETCH:
  for (ap_uint<32> i = 0; i != transfer.beats; ++i) {
#pragma HLS PIPELINE II = 1
    beats.write(region.read());
  }
}

/// The weights region lies striped over four masters: a feed takes one word of each.
inline void fetch_weights(hls::burst_maxi<Stripe> weights0, hls::burst_maxi<Stripe> weights1,
                          hls::burst_maxi<Stripe> weights2, hls::burst_maxi<Stripe> weights3,
                          const Transfer& transfer, hls::stream<Feed>& feeds) {
  const ap_uint<32> first = transfer.offset / kFeedBytes;
  const ap_uint<32> count = transfer.beats / kFeedBeats;
  weights0.read_request(first, count);
  weights1.read_request(first, count);
  weights2.read_request(first, count);
  weights3.read_request(first, count);
FETCH_WEIGHTS:
  for (ap_uint<32> i = 0; i != count; ++i) {
#pragma HLS PIPELINE II = 1
    const Feed low = Feed(weights0.read()) | (Feed(weights1.read()) << kWeightBusBits);
    const Feed high = Feed(weights2.read()) | (Feed(weights3.read()) << kWeightBusBits);
    feeds.write(low | (high << (2 * kWeightBusBits)));
  }
}

inline void fetch(hls::burst_maxi<Stripe> weights0, hls::burst_maxi<Stripe> weights1,
                  hls::burst_maxi<Stripe> weights2, hls::burst_maxi<Stripe> weights3,
                  hls::burst_maxi<Beat> image, hls::stream<TransferWord>& transfers, hls::stream<Feed>& feeds,
                  hls::stream<Beat>& beats) {
  bool running = true;
FETCH_TRANSFERS:
  while (running) {
    const Transfer transfer = unpack_transfer(transfers.read());
    if (transfer.end) {
      running = false;
    } else if (transfer.region == kRegionImage) {
      fetch_image(image, transfer, beats);
    } else {
      fetch_weights(weights0, weights1, weights2, weights3, transfer, feeds);
    }
  }
}

}  // namespace edgemoe
