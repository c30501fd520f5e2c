// SPDX-License-Identifier: Apache-2.0
// Writes several bursts with one request, waits for the response, then reads the end back first: a response
// that comes before the last burst was answered shows as stale data. One bus for both directions, elements of
// 32 bits.
#include "hls_burst_maxi.h"
#include "hls_stream.h"

void readback(hls::burst_maxi<ap_uint<32>> memory, hls::stream<ap_uint<32>>& out, unsigned count,
              unsigned seed) {
#pragma HLS INTERFACE m_axi port = memory bundle = shared
  memory.write_request(0, count);
  for (unsigned i = 0; i < count; i++) {
#pragma HLS PIPELINE II = 1
    memory.write(ap_uint<32>(seed + 3 * i));
  }
  memory.write_response();
  memory.read_request(count - 1, 1);
  memory.read_request(0, count - 1);
  for (unsigned i = 0; i < count; i++) {
#pragma HLS PIPELINE II = 1
    out.write(memory.read());
  }
}
