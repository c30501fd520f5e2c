// SPDX-License-Identifier: Apache-2.0
// A small processor: a switch over the opcode, registers in a memory, run-time jumps.
#include <ap_int.h>
#include <hls_stream.h>

constexpr int kRegisters = 8;
constexpr int kProgram = 64;

void sequencer(hls::stream<ap_uint<32>>& program, hls::stream<ap_int<32>>& out, ap_uint<16> limit) {
  ap_uint<32> code[kProgram];
  ap_int<32> r[kRegisters];
  for (int i = 0; i < kProgram; i++) {
#pragma HLS PIPELINE II = 1
    code[i] = program.read();
  }
  for (int i = 0; i < kRegisters; i++)
    r[i] = i;
  ap_uint<6> pc = 0;
RUN:
  for (int step = 0; step < limit; step++) {
    const ap_uint<32> w = code[pc];
    const ap_uint<3> d = w(5, 3), a = w(8, 6), b = w(11, 9);
    const ap_int<16> immediate = w(31, 16);
    const ap_int<32> x = r[a], y = r[b];
    pc++;
    switch (int(w(2, 0))) {
      case 0:
        r[d] = x + y;
        break;
      case 1:
        r[d] = x - immediate;
        break;
      case 2:
        r[d] = x * y;
        break;
      case 3:
        r[d] = x ^ (y >> ap_uint<4>(immediate));
        break;
      case 4:
        if (x < y) pc = immediate;
        break;
      case 5:
        out.write(x);
        break;
      case 6:
        r[d] = immediate;
        break;
      default:
        r[d] = y;
    }
  }
  out.write(r[7]);
}
