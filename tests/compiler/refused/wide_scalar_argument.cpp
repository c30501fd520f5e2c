// SPDX-License-Identifier: Apache-2.0
#include <ap_int.h>
void top(ap_int<65> a, int& y) {  // error: scalar argument a has 65 bits
  y = (a >> 40) != 0;
}
