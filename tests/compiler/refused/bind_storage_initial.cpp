// SPDX-License-Identifier: Apache-2.0
void top(int n, int& y) {
  static int a[4] = {3, 1, 4, 1};
#pragma HLS BIND_STORAGE variable=a impl=uram  // error: 'a' has initial values, which an UltraRAM cannot start with
  a[n & 3] += n;
  y = a[(n >> 2) & 3];
}
