// SPDX-License-Identifier: Apache-2.0
#include <ap_int.h>
#include <hls_stream.h>
void top(hls::stream<int>& in, hls::stream<int>& out) {
  const int a = in.read(), b = in.read();
  const int sum = a * b + 1;
#pragma HLS BIND_OP variable=sum op=mul impl=fabric  // note: its variable is nowhere the result of a multiplication as it is
  const int product = a * 7;
#pragma HLS BIND_OP variable=product op=mul impl=dsp  // note: the pragma HLS BIND_OP is not used: of operations it keeps multiplications
  out.write(sum + product);
}
