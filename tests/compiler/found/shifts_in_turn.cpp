// SPDX-License-Identifier: Apache-2.0
// A shifted value shifted again: Verilator added the two numbers of bits up in as many bits as one has, and
// 19 + 21 became 8. The hardware was right, its simulation wrong.
#include <ap_int.h>
#include <hls_stream.h>
void shifts_in_turn(hls::stream<ap_uint<64>>& in, hls::stream<ap_uint<64>>& out, int count) {
  for (int round = 0; round < count; round++) {
    const ap_uint<64> x = in.read();
    const ap_uint<32> value = x.range(31, 0);
    const ap_uint<5> first = x.range(36, 32);
    const ap_uint<5> second = x.range(41, 37);
    const ap_uint<32> up = (value << first) << second;
    const ap_uint<32> down = (value >> first) >> second;
    out.write((up, down));
  }
}
