// SPDX-License-Identifier: Apache-2.0
#include <ap_int.h>
#include <hls_dsp_builtins.h>
#include <hls_stream.h>
void top(hls::stream<int>& in, hls::stream<ap_int<48>>& out) {
  out.write(hls::dsp58::mul_add<0>(in.read(), 3, 4));  // error: of the DSP slices only hls::dsp48e2 is built
}
