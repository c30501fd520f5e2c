// SPDX-License-Identifier: Apache-2.0
int top(int a, int b) { return a * b + 1; }  // taken: a returned value: register ap_return
