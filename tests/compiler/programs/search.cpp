// SPDX-License-Identifier: Apache-2.0
// A pipelined loop that leaves early: the break depends on a loaded value.
#include <ap_int.h>
#include <hls_stream.h>

constexpr int kSize = 64;

void search(hls::stream<ap_int<12>>& in, hls::stream<ap_int<12>>& keys, hls::stream<ap_int<8>>& found,
            ap_uint<8> count) {
  ap_int<12> table[kSize];
FILL:
  for (int i = 0; i < kSize; i++) {
#pragma HLS PIPELINE II = 1
    table[i] = in.read();
  }
EACH:
  for (int k = 0; k < count; k++) {
    const ap_int<12> key = keys.read();
    ap_int<8> at = -1;
  SCAN:
    for (int i = 0; i < kSize; i++) {
#pragma HLS PIPELINE II = 1
      if (table[i] == key) {
        at = i;
        break;
      }
    }
    found.write(at);
  }
}
