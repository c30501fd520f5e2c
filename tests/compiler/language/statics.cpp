// SPDX-License-Identifier: Apache-2.0
// Tables, statics and globals of structs, with initial values.
#include <ap_int.h>
#include <hls_stream.h>
struct Entry {
  short key;
  int value[3];
  ap_int<100> big;
};
static const Entry kTable[4] = {
    {1, {2, 3, 4}, 5}, {6, {7, 8, 9}, -10}, {11, {12, 13, 14}, 15}, {-1, {-2, -3, -4}, -5}};
static Entry state[2] = {{7, {1, 2, 3}, 99}, {8, {4}, -99}};
unsigned char grid[3][4] = {{1, 2, 3, 4}, {5, 6, 7, 8}, {9, 10, 11, 255}};
struct Huge {
  ap_int<150> w;
  short k;
};
static Huge huge[2] = {{-7, 1}, {1234567, 2}};
static const char text[] = "edgemoe";
long long counter = 5000000000LL;
void statics(hls::stream<int>& in, hls::stream<int>& out) {
  static unsigned short seen[4] = {65535, 1, 2};
  for (int n = 0; n < 8; n++) {
    int c = in.read();
    int i = c & 3, j = (c >> 2 & 3) % 3, k = c >> 4 & 1;
    state[k].value[j] += kTable[i].value[(j + 1) % 3] + kTable[i].key;
    state[k].big -= kTable[i].big;
    grid[j][i] += seen[i]++;
    counter += c;
    huge[k].w = huge[k].w * 3 + c;
    out.write(huge[k].w.to_int() + (huge[k].w >> 100).to_int() + huge[k].k);
    out.write(state[k].value[j] + state[k].big.to_int() + grid[(j + 1) % 3][c >> 7 & 3] + text[c >> 9 & 7] +
              int(counter >> 8) + state[1 - k].key);
  }
}
