// SPDX-License-Identifier: Apache-2.0
#include <hls_stream.h>
void top(hls::stream<int>& in, hls::stream<int>& out) {
#pragma omp parallel for  // warning: unexpected '#pragma omp ...' in program
  for (int i = 0; i < 4; i++) out.write(in.read());
}
