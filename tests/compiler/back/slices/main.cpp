// SPDX-License-Identifier: Apache-2.0
// Random operands, the extremes among them, for the column; a line of results a cycle, once all are defined.
#include <cinttypes>
#include <cstdio>
#include <random>

#include "Vtop.h"

int main() {
  std::mt19937_64 random(1);
  Vtop column;
  for (int cycle = 0; cycle < 20000; cycle++) {
    // Bits come in runs now and then, so that sums overflow and signs meet.
    const auto bits = [&] { return random() % 8 ? uint32_t(random()) : uint32_t(0) - uint32_t(random() % 2); };
    for (auto& word : column.a.m_storage)
      word = bits();
    for (auto& word : column.b.m_storage)
      word = bits();
    column.a.m_storage[3] &= (1u << (4 * 25 - 96)) - 1;
    column.b.m_storage[2] &= (1u << (4 * 18 - 64)) - 1;
    column.c = (uint64_t(bits()) << 32 | bits()) & 0xffffffffffffull;
    column.clk = 0;
    column.eval();
    column.clk = 1;
    column.eval();
    if (cycle >= 8)
      std::printf("%012" PRIx64 " %012" PRIx64 " %012" PRIx64 " %012" PRIx64 "\n", uint64_t(column.p0),
                  uint64_t(column.p1), uint64_t(column.p2), uint64_t(column.p3));
  }
}
