// SPDX-License-Identifier: Apache-2.0
// clock: 0.1
void top(int a, int b, int& y) {
  y = a * 3 + b;  // warning: the clock of 0.1 ns is not met: the mul
}
