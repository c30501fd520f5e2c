// SPDX-License-Identifier: Apache-2.0
#include <ap_int.h>
#include <hls_dsp_builtins.h>
#include <hls_stream.h>
using namespace hls::dsp48e2;
void top(hls::stream<int>& in, hls::stream<ap_int<48>>& out) {
  out.write(mul_sub<REG_M | REG_P>(in.read(), 3, 4));  // error: hls::dsp48e2::mul_sub is not built
}
