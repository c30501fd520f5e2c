// SPDX-License-Identifier: Apache-2.0
void top(int n, int& y) {
  int a[64];
#pragma HLS BIND_STORAGE variable=a type=ram_s2p impl=bram
#pragma HLS BIND_STORAGE variable=a impl=lutram  // error: another pragma keeps 'a' in bram; keep one of them
  for (int i = 0; i < 64; i++)
    a[i] = i * n;
  y = a[n & 63];
}
