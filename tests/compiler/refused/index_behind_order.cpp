// SPDX-License-Identifier: Apache-2.0
// An order of numbers says of no value what it is: this index is the program's own.
#include <hls_stream.h>
static int at(const int* p, int k) {
  return p[k];  // error: index 9 is outside the array 'kept', which has 8 elements
}
void top(hls::stream<int>& in, hls::stream<int>& out, int mode) {
  int kept[8] = {};
  for (int i = 0; i < 8; i++)
    kept[i] = in.read();
  if (mode != 3 && mode > 1)
    out.write(at(kept, 9));
  else if (mode == 2)
    out.write(kept[mode]);
}
