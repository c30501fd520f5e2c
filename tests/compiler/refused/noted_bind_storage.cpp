// SPDX-License-Identifier: Apache-2.0
void top(int n, int& y) {
  int a[4], b[64];
#pragma HLS ARRAY_PARTITION variable=a complete
#pragma HLS BIND_STORAGE variable=a impl=lutram  // note: the pragma HLS BIND_STORAGE is not used: its variable is no array of this function that a RAM would keep
#pragma HLS BIND_STORAGE variable=b type=ram_1p impl=bram  // note: type of the pragma HLS BIND_STORAGE is not used
#pragma HLS BIND_STORAGE variable=b latency=2  // note: latency of the pragma HLS BIND_STORAGE is not used
  for (int i = 0; i < 4; i++)
    a[i] = i * n;
  for (int i = 0; i < 64; i++)
    b[i] = i * n;
  y = a[n & 3] + b[n & 63];
}
