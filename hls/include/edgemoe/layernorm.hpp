// SPDX-License-Identifier: Apache-2.0
// LayerNorm in two pipelined sweeps over groups of kNormLanes channels: exact sums of every token, then the
// normalised values with gamma and beta of each channel. Formulas: docs/reference/arithmetic.md.
#pragma once

#include <hls_stream.h>

#include "edgemoe/command.hpp"
#include "edgemoe/memories.hpp"
#include "edgemoe/softmax.hpp"
#include "edgemoe/stationary.hpp"

namespace edgemoe {

/// The width of a LayerNorm, and the sums over it of x and of x^2.
using NormDim = ap_uint<kNormDimBits>;
using NormSum = ap_int<kNormSumBits>;
using NormSquares = ap_uint<kNormSquaresBits>;
static_assert(kMaxDim < 1 << kNormDimBits, "a width fits");
static_assert(kNormSumBits == kResidualBits + kNormDimBits, "every sum of x fits");
static_assert(kNormSquaresBits == 2 * (kResidualBits - 1) + kNormDimBits, "every sum of x^2 fits");
static_assert(kNormSpreadBits == kNormSquaresBits + kNormDimBits + 1 && kEpsBits < kNormSpreadBits &&
                  kNormSpreadBits <= 62,
              "U = D * sum(x^2) + E fits, and so does what it is taken from");

/// D*x - sum(x) in steps of 2^kNormDrop, rounded: the wide operand of one DSP slice.
using NormCentred = ap_int<kNormCentredBits>;
static_assert(kNormCentredBits == kNormSumBits + 1 - kNormDrop && kNormCentredBits <= 27, "one DSP slice");

/// What a token's second sweep needs: sum of x, 1/sqrt(U) = root * 2^-(17 + half_exponent).
struct TokenNorm {
  NormSum sum;
  ReciprocalRoot rsqrt;
};
using TokenNormWord = ap_uint<kNormSumBits + 17 + 5>;

inline TokenNormWord pack_norm(const TokenNorm& n) {
  return TokenNormWord(ap_uint<kNormSumBits>(n.sum)) | (TokenNormWord(n.rsqrt.root) << kNormSumBits) |
         (TokenNormWord(n.rsqrt.half_exponent) << (kNormSumBits + 17));
}

inline TokenNorm unpack_norm(TokenNormWord word) {
  TokenNorm n;
  n.sum = NormSum(bits<kNormSumBits>(word, 0));
  n.rsqrt.root = bits<17>(word, kNormSumBits);
  n.rsqrt.half_exponent = bits<5>(word, kNormSumBits + 17);
  return n;
}

/// U = D * sum(x^2) - sum(x)^2 + E, at least 4 by the choice of E.
inline ap_uint<64> spread(NormDim dim, NormSquares squares, NormSum sum, ap_uint<kEpsBits> eps) {
  const ap_int<64> u = ap_int<64>(dim * squares) - ap_int<64>(sum * sum) + ap_int<64>(eps);
  return ap_uint<64>(u);
}

/// Lanes of a step of the sums, which need one multiplier a lane where the scaling needs three.
constexpr int kSumLanes = 2 * kNormLanes < kRows ? 2 * kNormLanes : kRows;
/// Groups of a word that the steps of each sweep take.
constexpr int kSumGroups = kRows / kSumLanes;
constexpr int kNormGroups = kRows / kNormLanes;
constexpr int kNormBanks = kNormLanes / kCols;

/// A channel of a token, or one past the last.
using NormChannel = ap_uint<kNormDimBits + 1>;
static_assert(kMaxKTiles * kRows <= 1 << kNormDimBits, "every channel of a row has a number");

/// Lanes of group `group` of a row, which begin with channel `first`. Every bank is read, each at its own
/// port; the group is chosen of what comes. Lanes beyond the width are 0, whatever the memory holds.
template <int L>
Lanes<L, kResidualBits> read_group(const ResidualMemory& residual, Bank group, ap_uint<16> row,
                                   NormChannel first, NormDim dim) {
  const Lanes<kRows, kResidualBits> word = read_lanes<kResidualBits, kResidualDepth>(residual, row);
  Lanes<L, kResidualBits> x;
GROUP_LANE:
  for (int n = 0; n < L; ++n) {
#pragma HLS UNROLL
    x[n] = word[n];
  GROUP:
    for (int other = 1; other < kRows / L; ++other) {
#pragma HLS UNROLL
      if (group == other) x[n] = word[other * L + n];
    }
    if (first + n >= dim) x[n] = 0;
  }
  return x;
}

/// Sums of one group, on their way to the token's. They rest for an iteration, so that only one addition lies
/// in the loop-carried path, whatever the lanes.
struct GroupSums {
  bool valid;
  bool first;  // of the token
  bool last;
  ap_uint<16> token;
  NormSum sum;
  NormSquares squares;
};

/// Sweep 1, token by token: sums of x and of x^2 of a group of lanes a step.
inline void norm_sums(const Command& command, const ResidualMemory& residual,
                      TokenNormWord (&norms)[kMaxTokens]) {
  const NormDim dim = NormDim(command.dim);
  const ap_uint<8> last_part = ap_uint<8>(command.k_tiles * kSumGroups - 1);
  ap_uint<16> token = 0;
  ap_uint<8> part = 0;  // group of the token
  ap_uint<16> plane = command.src_base;
  NormChannel first = 0;
  NormSum sum = 0;
  NormSquares squares = 0;
  GroupSums resting = {false, false, false, 0, 0, 0};
  bool reading = true;
NORM_SUMS:
  while (reading || resting.valid) {
#pragma HLS PIPELINE II = 1
    sum = resting.first ? resting.sum : NormSum(sum + resting.sum);
    squares = resting.first ? resting.squares : NormSquares(squares + resting.squares);
    TokenNorm norm;
    norm.sum = sum;
    norm.rsqrt = rsqrt(spread(dim, squares, sum, ap_uint<kEpsBits>(command.eps)));
    if (resting.valid && resting.last) norms[resting.token] = pack_norm(norm);

    const Bank group = Bank(part & (kSumGroups - 1));
    const Lanes<kSumLanes, kResidualBits> x = read_group<kSumLanes>(
        residual, group, reading ? ap_uint<16>(plane + token) : ap_uint<16>(0), first, dim);
    NormSum group_sum = 0;
    NormSquares group_squares = 0;
  NORM_LANE:
    for (int n = 0; n < kSumLanes; ++n) {
#pragma HLS UNROLL
      group_sum = NormSum(group_sum + x[n]);
      group_squares = NormSquares(group_squares + ap_uint<2 * kResidualBits>(x[n] * x[n]));
    }
    const bool last = part == last_part;
    resting = {reading, part == 0, last, token, group_sum, group_squares};
    plane =
        last ? command.src_base : (group == kSumGroups - 1 ? ap_uint<16>(plane + command.src_stride) : plane);
    reading = reading && !(last && ap_uint<16>(token + 1) == command.tokens);
    token = last ? ap_uint<16>(token + 1) : token;
    part = last ? ap_uint<8>(0) : ap_uint<8>(part + 1);
    first = last ? NormChannel(0) : NormChannel(first + kSumLanes);
  }
}

/// One value: n = (D*x - sum) / sigma in Q.13, then y = sat16((n*gamma + beta + 2^(s-1)) >> s). The half that
/// rounds D*x - sum is taken off the sum, which is the same for all lanes.
inline Saturated<16> norm_lane(ap_int<kResidualBits> x, const TokenNorm& norm, NormDim dim,
                               const Channel& channel) {
  constexpr int kProduct = kNormCentredBits + 17;
  constexpr int kHalf = (1 << kNormDrop) >> 1;
  const ap_int<kNormSumBits + 1> below = norm.sum - kHalf;
  const NormCentred centred = NormCentred((dim * x - below) >> kNormDrop);
  const ap_int<kProduct> product = centred * norm.rsqrt.root;
  const Shift shift = Shift(norm.rsqrt.half_exponent + (17 - kNormFraction - kNormDrop));
  const ap_int<20> normal = ap_int<20>(round_shift<20>(product, shift).value);
  const ap_int<48> scaled = ap_int<48>(normal * ap_int<16>(channel.multiplier) + channel.bias);
  return saturating_shift<16>(scaled, channel.shift);
}

/// Feeds of channel records of a group.
constexpr int kNormFeeds = kNormLanes / kFeedRecords;

/// Sweep 2, group by group: the feeds of records, then every token's lanes. Returns how many values were
/// clipped.
inline Counter norm_scale(const Command& command, const ResidualMemory& residual,
                          const TokenNormWord (&norms)[kMaxTokens], TensorMemory<kActDepth>& act,
                          hls::stream<Feed>& feeds) {
  const NormDim dim = NormDim(command.dim);
  const ap_uint<16> last_step = ap_uint<16>(command.tokens + kNormFeeds - 1);
  ap_uint<16> parts = ap_uint<16>(command.k_tiles * kNormGroups);  // groups still to do
  Bank group = 0;
  ap_uint<16> step = 0;  // feed, then token + kNormFeeds
  bool loading = true;   // step < kNormFeeds
  ap_uint<16> source = command.src_base;
  ap_uint<16> destination = command.dst_base;
  NormChannel first = 0;  // of the group
  Counter saturated = 0;
  Channel channel[kNormLanes];
CLEAR_CHANNEL:
  for (int n = 0; n < kNormLanes; ++n) {
#pragma HLS UNROLL
    channel[n] = unpack_channel(0);
  }
NORM_SCALE:
  while (parts != 0) {
#pragma HLS PIPELINE II = 1
    Feed feed = 0;
    if (loading) feed = feeds.read();
    const ap_uint<16> token = loading ? ap_uint<16>(0) : ap_uint<16>(step - kNormFeeds);
    const Lanes<kNormLanes, kResidualBits> x =
        read_group<kNormLanes>(residual, group, ap_uint<16>(source + token), first, dim);
    const TokenNorm norm = unpack_norm(norms[token]);
    Lanes<kNormLanes, 16> y;
    ap_uint<log2_floor(kNormLanes) + 1> clipped = 0;
  SCALE_LANE:
    for (int n = 0; n < kNormLanes; ++n) {
#pragma HLS UNROLL
      const Channel loaded = unpack_channel(bits<64>(feed, 64 * (n % kFeedRecords)));
      if (loading && step == n / kFeedRecords) channel[n] = loaded;
      const bool real = first + n < dim;
      const Saturated<16> value = norm_lane(x[n], norm, dim, channel[n]);
      y[n] = real ? value.value : ap_int<16>(0);
      clipped = ap_uint<log2_floor(kNormLanes) + 1>(clipped + ap_uint<1>(!loading && real && value.clipped));
    }
    saturated = Counter(saturated + clipped);
  SCALE_BANK:
    for (int bank = 0; bank < kBanks; ++bank) {
#pragma HLS UNROLL
      Lanes<kCols, 16> part;
    PART_LANE:
      for (int n = 0; n < kCols; ++n) {
#pragma HLS UNROLL
        part[n] = y[(bank % kNormBanks) * kCols + n];
      }
      const bool here = !loading && group == bank / kNormBanks;
      if (here) act[bank][ap_uint<16>(destination + token)] = pack<kCols, 16>(part);
    }
    const bool last = step == last_step;
    const bool plane_end = last && group == kNormGroups - 1;
    source = plane_end ? ap_uint<16>(source + command.src_stride) : source;
    destination = plane_end ? ap_uint<16>(destination + command.dst_stride) : destination;
    group = plane_end ? Bank(0) : (last ? Bank(group + 1) : group);
    first = last ? NormChannel(first + kNormLanes) : first;
    parts = last ? ap_uint<16>(parts - 1) : parts;
    step = last ? ap_uint<16>(0) : ap_uint<16>(step + 1);
    loading = step < kNormFeeds;
  }
  return saturated;
}

/// LAYERNORM; returns how many values were clipped.
inline Counter layernorm(const Command& command, const ResidualMemory& residual,
                         TokenNormWord (&norms)[kMaxTokens], TensorMemory<kActDepth>& act,
                         hls::stream<Feed>& feeds) {
  norm_sums(command, residual, norms);
  return norm_scale(command, residual, norms, act, feeds);
}

}  // namespace edgemoe
