// SPDX-License-Identifier: Apache-2.0
// Kernels for tests of `edgemoe synth --overlay`.
#include <ap_int.h>
#include <hls_burst_maxi.h>
#include <hls_stream.h>

// out[i] = in[i] * gain, from 8-bit to 1024-bit memory; the 40-bit scalar takes two registers.
void widen(hls::burst_maxi<ap_uint<8>> in, hls::burst_maxi<ap_uint<1024>> out, int count, ap_uint<40> gain,
           ap_uint<64>& sum) {
#pragma HLS INTERFACE m_axi port = in bundle = narrow
#pragma HLS INTERFACE m_axi port = out bundle = wide
  ap_uint<64> total = 0;
  in.read_request(0, count);
  out.write_request(0, count);
  for (int i = 0; i < count; ++i) {
#pragma HLS PIPELINE II = 1
    ap_uint<64> scaled = in.read() * gain;
    out.write(scaled);
    total += scaled;
  }
  out.write_response();
  sum = total;
}

// A word that SystemVerilog reserves.
void reg(int a, int& b) {
  b = a + 1;
}

// The name of the accelerator's IP, which has a driver.
void accelerator(int a, int& b) {
  b = 2 * a;
}

// No argument at all: only the control registers.
void idle() {}

// More registers than fit into one hexadecimal digit.
void many(int a0, int a1, int a2, int a3, int a4, int a5, int a6, int a7, int a8, int a9, int a10, int a11,
          int a12, int a13, int a14, int a15, int a16, long long a17, int& sum) {
  sum = a0 + a1 + a2 + a3 + a4 + a5 + a6 + a7 + a8 + a9 + a10 + a11 + a12 + a13 + a14 + a15 + a16 +
        int(a17 >> 32);
}

void axi_intc(int a, int& b) {
  b = a;
}

void streams(hls::stream<int>& in, hls::stream<int>& out) {
  out.write(in.read());
}
