// SPDX-License-Identifier: Apache-2.0
// No number that is written here is an index; that of the comparison takes the place of `i`.
#include <hls_stream.h>
void top(hls::stream<int>& in, hls::stream<int>& out, short count) {
  int kept[32] = {};
  for (int i = 0; i < count; i++) {
    const int x = in.read();
    if (i == -1)
      kept[i]++;  // warning: where the comparison before it leads here, index -1 is outside
    else
      kept[i & 31] = x;
    if (i == 40) out.write(kept[i]);  // warning: index 40 is outside the array 'kept', which has 32 elements
    if (!(i != 50) && x > 2)
      kept[i] = x;  // warning: index 50 is outside the array 'kept', which has 32 elements
    switch (i) {
      case 33:
        out.write(kept[i + 1]);  // warning: where the comparison before it leads here, index 34 is outside
        break;
      default:
        break;
    }
    out.write(kept[x & 31]);
  }
}
