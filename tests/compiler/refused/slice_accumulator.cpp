// SPDX-License-Identifier: Apache-2.0
#include <ap_int.h>
#include <hls_dsp_builtins.h>
#include <hls_stream.h>
using namespace hls::dsp48e2;
void top(hls::stream<int>& in, hls::stream<ap_int<48>>& out) {
  acc<REG_M | REG_P> sum;  // error: hls::dsp48e2::acc is not built; keep the sum in a variable
  out.write(sum.mul_acc(in.read(), 3, true));
}
