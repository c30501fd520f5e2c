// SPDX-License-Identifier: Apache-2.0
// A top that returns a value.
int top(int a, int b) { return a * b + 1; }  // taken: register ap_return
