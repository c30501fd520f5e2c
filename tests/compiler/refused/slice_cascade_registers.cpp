// SPDX-License-Identifier: Apache-2.0
#include <ap_int.h>
#include <hls_dsp_builtins.h>
#include <hls_stream.h>
using namespace hls::dsp48e2;
constexpr auto kTwice = REG_A1 | REG_A2 | REG_B1 | REG_M | REG_P;
void top(hls::stream<int>& in, hls::stream<ap_int<48>>& out) {
  cascade<kTwice> slice;  // error: a cascade of DSP slices is built with one register each
  out.write(slice.mul_add(in.read(), 3, 4).pcout);
}
