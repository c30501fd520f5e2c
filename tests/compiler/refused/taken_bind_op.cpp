// SPDX-License-Identifier: Apache-2.0
#include <ap_int.h>
#include <hls_stream.h>
void top(hls::stream<int>& in, hls::stream<int>& out) {
  const int a = in.read(), b = in.read();
  const int product = a * b;
#pragma HLS BIND_OP variable=product op=mul impl=fabric  // taken: BIND_OP of multiplications with impl fabric
  out.write(product + 1);
}
