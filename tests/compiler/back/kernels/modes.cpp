// SPDX-License-Identifier: Apache-2.0
// One pipelined loop with modes: stores and writes that exclude each other share a port, reads are chosen by
// a mode register that the loop itself carries, and the hardware counts its cycles.
#include "hls_cycle.h"
#include "hls_stream.h"

using data_t = ap_int<24>;

void modes(hls::stream<ap_uint<26>>& commands, hls::stream<data_t>& extra, hls::stream<data_t>& out,
           unsigned count, unsigned& cycles, unsigned& last) {
  data_t memory[64];
  for (int i = 0; i < 64; i++) {
#pragma HLS PIPELINE II = 1
    memory[i] = data_t(i * 5);
  }
  ap_uint<2> mode = 0;
  data_t held = 1;
  unsigned seen = 0;
  unsigned begin = hls::cycle_count();
  for (unsigned i = 0; i < count; i++) {
#pragma HLS PIPELINE II = 1
#pragma HLS DEPENDENCE variable = memory inter false
    ap_uint<26> command = commands.read();
    data_t value = data_t(command >> 2);
    data_t more = 0;
    if (mode == 3) more = extra.read();
    int at = (command.to_int() >> 2) & 31;
    if (mode == 1) {
      memory[at] = data_t(value + 1);
    } else if (mode == 2) {
      memory[32 + at] = data_t(value - held);
      out.write(value);
    } else if (mode == 3) {
      out.write(data_t(more * held));
    }
    held = data_t(held + value + more);
    mode = ap_uint<2>(command);
    seen += mode == 2;
  }
  unsigned end = hls::cycle_count();
  cycles = end - begin;
  last = seen;
  for (int i = 0; i < 64; i++) {
#pragma HLS PIPELINE II = 1
    out.write(memory[i]);
  }
  // Not pipelined: a block that waits for room at its write, with a product under way, and reads what it just
  // wrote.
  for (int i = 0; i < 24; i++) {
    memory[(i * 5) & 31] = data_t(held - i);
    data_t x = memory[i];
    out.write(data_t(x * held));
  }
}
