// SPDX-License-Identifier: Apache-2.0
void top(int n, int& y) {
  int a[64], b[64], c[64], d[64];
#pragma HLS BIND_STORAGE variable=a impl=bram  // taken: BIND_STORAGE with impl bram, lutram, uram and auto
#pragma HLS bind_storage VARIABLE=b IMPL=LUTRAM
#pragma HLS BIND_STORAGE variable=c impl=uram
#pragma HLS BIND_STORAGE variable=d impl=auto
  for (int i = 0; i < 64; i++) {
    a[i] = i * n;
    b[i] = i + n;
    c[i] = i - n;
    d[i] = i ^ n;
  }
  y = a[n & 63] + b[(n >> 6) & 63] + c[(n >> 12) & 63] + d[(n >> 18) & 63];
}
