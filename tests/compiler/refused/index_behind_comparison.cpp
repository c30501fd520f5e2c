// SPDX-License-Identifier: Apache-2.0
// The comparison has nothing to do with these indices.
#include <hls_stream.h>
void top(hls::stream<int>& in, hls::stream<int>& out, int mode) {
  int kept[8] = {};
  for (int i = 0; i < 8; i++)
    kept[i] = in.read();
  if (mode == 3)
    for (int i = 0; i <= 8; i++)
      kept[i]++;  // error: this reaches element 8 of 'kept', which has 8
  out.write(kept[mode & 7]);
}
