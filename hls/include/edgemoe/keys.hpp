// SPDX-License-Identifier: Apache-2.0
// What attention holds: keys come by rows (all lanes of a token), values by columns (a lane of kRows tokens),
// and both are to be one word a step. So each row lies turned: lane c of row r is in bank (r + c) mod kRows,
// and of neither a row nor a column two elements are in one bank.
#pragma once

#include "edgemoe/packing.hpp"

namespace edgemoe {

static_assert((kKeyDepth & (kKeyDepth - 1)) == 0 && kKeyDepth >= kRows, "a column's rows wrap at the end");

using KeyMemory = ap_int<16>[kRows][kKeyDepth];
constexpr int kTurnBits = kColBits + kBankBits;
/// A lane, or by how many a row is turned.
using Turn = ap_uint<kTurnBits>;
using KeyRow = ap_uint<log2_floor(kKeyDepth)>;
/// How many whole turns are before a row.
using KeyTurn = ap_uint<log2_floor(kKeyDepth) - kTurnBits + 1>;

/// Lane i of the result is lane i + `by` of `x`: levels of halves, so that each is a row of multiplexers.
template <int N>
Lanes<N, 16> turned_back(const Lanes<N, 16>& x, ap_uint<log2_floor(N)> by) {
  constexpr int kLevels = log2_floor(N);
  Lanes<N, 16> result = x;
TURN:
  for (int level = 0; level < kLevels; ++level) {
#pragma HLS UNROLL
    Lanes<N, 16> moved;
  TURN_LANE:
    for (int i = 0; i < N; ++i) {
#pragma HLS UNROLL
      const ap_int<16> stays = result[i];
      const ap_int<16> comes = result[(i + (1 << level)) % N];
      moved[i] = ((by >> level) & 1) == 1 ? comes : stays;
    }
    result = moved;
  }
  return result;
}

/// Row `row`, or lane `lane` of the kRows rows from `row` on.
inline Word read_keys(const KeyMemory& keys, ap_uint<16> row, bool column, Turn lane) {
  const Turn by = column ? Turn(Turn(row) + lane) : Turn(row);
  const KeyTurn turns = KeyTurn(row >> kTurnBits);
  const KeyTurn next = KeyTurn(turns + 1);
  Word word;
KEY_BANK:
  for (int b = 0; b < kRows; ++b) {
#pragma HLS UNROLL
    // Of a column's rows, bank b has that which is b - lane modulo kRows.
    const Turn low = column ? Turn(b - lane) : Turn(row);
    const KeyTurn high = low < Turn(row) ? next : turns;
    word[b] = keys[b][KeyRow((ap_uint<16>(high) << kTurnBits) | low)];
  }
  return turned_back<kRows>(word, by);
}

/// Sub-word `bank` of row `row`. Every bank is read, each at its own port; the sub-word is chosen of what
/// comes.
inline Beat read_key_beat(const KeyMemory& keys, ap_uint<16> row, Bank bank) {
  const Turn first = Turn(Turn(row) + (Turn(bank) << kColBits));
  Word word;
READ_KEY_BANK:
  for (int b = 0; b < kRows; ++b) {
#pragma HLS UNROLL
    word[b] = keys[b][KeyRow(row)];
  }
  Lanes<kCols, 16> part;
KEY_LANE:
  for (int i = 0; i < kCols; ++i) {
#pragma HLS UNROLL
    const Column lane = Column(i - first);
    const Bank group = Bank(Turn(first + lane) >> kColBits);
    ap_int<16> value = word[i];
  KEY_GROUP:
    for (int other = 1; other < kBanks; ++other) {
#pragma HLS UNROLL
      const ap_int<16> there = word[other * kCols + i];
      value = group == other ? there : value;
    }
    part[i] = value;
  }
  return pack<kCols, 16>(turned_back<kCols>(part, Column(first)));
}

/// Writes sub-word `bank` of row `row`.
inline void write_key_beat(KeyMemory& keys, ap_uint<16> row, Bank bank, Beat beat) {
  const Turn first = Turn(Turn(row) + (Turn(bank) << kColBits));
  const Lanes<kCols, 16> part = turned_back<kCols>(unpack<kCols, 16>(beat), Column(-first));
WRITE_KEY_BANK:
  for (int b = 0; b < kRows; ++b) {
#pragma HLS UNROLL
    if (Turn(b - first) < kCols) keys[b][KeyRow(row)] = part[b % kCols];
  }
}

}  // namespace edgemoe
