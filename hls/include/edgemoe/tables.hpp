// SPDX-License-Identifier: Apache-2.0
// Function tables, of values in the generated configuration header (from host/edgemoe/numerics.py). Each
// entry is joined with its slope, so that a lane needs one read; exp2 is filled up to every fraction.
#pragma once

#include <ap_int.h>

#include "edgemoe_config.hpp"

namespace edgemoe {

/// One linear piece: the value at its left end and the signed step to the next entry.
struct Segment {
  ap_int<19> base;
  ap_int<14> slope;
};

/// N pieces, each packed as slope:14 | base:19.
template <int N>
struct SegmentTable {
  long long piece[N];

  /// Appends the pieces of `values` (one entry more than pieces) from piece `first` on.
  template <class T, int M>
  constexpr void fill(const T (&values)[M], int first) {
    for (int i = 0; i + 1 < M; ++i) {
      const long long base = values[i];
      const long long slope = static_cast<long long>(values[i + 1]) - base;
      piece[first + i] = (slope << 19) | base;
    }
  }
};

constexpr SegmentTable<kGeluSteps + 1> gelu_table() {
  SegmentTable<kGeluSteps + 1> table{};
  table.fill(kGeluTable, 0);
  return table;
}

constexpr SegmentTable<2 * kRsqrtSteps> rsqrt_table() {
  SegmentTable<2 * kRsqrtSteps> table{};
  table.fill(kRsqrtEvenTable, 0);
  table.fill(kRsqrtOddTable, kRsqrtSteps);
  return table;
}

/// exp2 of every fraction of 10 bits, 15 bits: an entry of the table and a share of the step to the next one.
/// A row of the array has a unit of its own, for which half a block RAM is less than a product.
struct Exp2Mantissas {
  unsigned short mantissa[32 * kExp2Steps];
};

constexpr Exp2Mantissas exp2_mantissas() {
  Exp2Mantissas table{};
  for (int i = 0; i < 32 * kExp2Steps; ++i) {
    const int base = kExp2Table[i / 32];
    const int step = kExp2Table[i / 32 + 1] - base;
    table.mantissa[i] = static_cast<unsigned short>(base + ((step * (i % 32) + 16) >> 5));
  }
  return table;
}

inline constexpr auto kExp2Mantissas = exp2_mantissas();
inline constexpr auto kGeluPieces = gelu_table();
inline constexpr auto kRsqrtPieces = rsqrt_table();

inline Segment unpack_piece(ap_uint<33> piece) {
  Segment segment;
  segment.base = ap_int<19>(piece);
  segment.slope = ap_int<14>(piece >> 19);
  return segment;
}

inline Segment gelu_segment(ap_uint<8> i) {
  return unpack_piece(kGeluPieces.piece[i.to_int()]);
}
/// Index: parity of the exponent, then the top 6 bits of the mantissa.
inline Segment rsqrt_segment(ap_uint<7> i) {
  return unpack_piece(kRsqrtPieces.piece[i.to_int()]);
}

}  // namespace edgemoe
