// SPDX-License-Identifier: Apache-2.0
#include <hls_stream.h>
#include <ap_axi_sdata.h>  // error: the header <ap_axi_sdata.h> is not there for hardware
typedef ap_axiu<32, 0, 0, 0> beat;
void top(hls::stream<beat>& in, hls::stream<beat>& out) { out.write(in.read()); }
