// SPDX-License-Identifier: Apache-2.0
// LayerNorm in one pipelined loop over groups of kNormLanes channels, token by token: a group joins the exact
// sums of its token and waits in a ring; when these are complete it comes out again and is normalised, with
// gamma and beta of each channel. Formulas: docs/reference/arithmetic.md.
#pragma once

#include <hls_dsp_builtins.h>
#include <hls_stream.h>

#include "edgemoe/norm_memories.hpp"

namespace edgemoe {

static_assert(kNormSpreadBits == kNormSquaresBits + kNormDimBits + 1 && kEpsBits < kNormSpreadBits &&
                  kNormSpreadBits <= 62,
              "U = D * sum(x^2) + E fits, and so does what it is taken from");

/// D*x - sum(x) in steps of 2^kNormDrop, rounded: the wide operand of one DSP slice.
using NormCentred = ap_int<kNormCentredBits>;
static_assert(kNormCentredBits == kNormSumBits + 1 - kNormDrop && kNormCentredBits <= 27, "one DSP slice");

/// U = D * sum(x^2) - sum(x)^2 + E, at least 4 by the choice of E.
inline ap_uint<64> spread(NormDim dim, NormSquares squares, NormSum sum, ap_uint<kEpsBits> eps) {
  const ap_int<64> u = ap_int<64>(dim * squares) - ap_int<64>(sum * sum) + ap_int<64>(eps);
  return ap_uint<64>(u);
}

/// The group as a whole. Every bank is read, each at its own port; the group is chosen of what comes. Lanes
/// beyond the width are 0, whatever the memory holds.
inline NormLanes read_group(const ResidualMemory& residual, const NormWalk& walk) {
  const ap_uint<16> row = walk.valid ? ap_uint<16>(walk.plane + walk.token) : ap_uint<16>(0);
  const Lanes<kRows, kResidualBits> word = read_lanes<kResidualBits, kResidualDepth>(residual, row);
  const Bank group = Bank(walk.part & (kNormGroups - 1));
  const NormCount lanes = lanes_of(walk);
  NormLanes x;
GROUP_LANE:
  for (int n = 0; n < kNormLanes; ++n) {
#pragma HLS UNROLL
    x[n] = word[n];
  GROUP:
    for (int other = 1; other < kNormGroups; ++other) {
#pragma HLS UNROLL
      if (group == other) x[n] = word[other * kNormLanes + n];
    }
    if (n >= lanes) x[n] = 0;
  }
  return x;
}

/// Squares are added up in cascades of this many DSP slices, the cascades by a tree.
constexpr int kSquareCascade = 4;
static_assert(kNormLanes % kSquareCascade == 0 && kResidualBits <= 18, "a square is a DSP slice");

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

inline GroupSums sums_of(const NormLanes& x, const NormWalk& walk, const Command& command) {
  using namespace hls::dsp48e2;
  constexpr auto kSlice = REG_A1 | REG_B1 | REG_M | REG_P;
  GroupSums sums;
  sums.valid = walk.valid;
  sums.first = walk.part == 0;
  sums.last = walk.part == NormPart(command.k_tiles * kNormGroups - 1);
  sums.token = walk.token;
  sums.sum = 0;
  sums.squares = 0;
NORM_LANE:
  for (int n = 0; n < kNormLanes; ++n) {
#pragma HLS UNROLL
    sums.sum = NormSum(sums.sum + x[n]);
  }
NORM_SQUARES:
  for (int n = 0; n < kNormLanes; n += kSquareCascade) {
#pragma HLS UNROLL
    C_t squares = mul_add<kSlice | REG_C>(x[n], x[n], 0);
  NORM_SQUARE:
    for (int k = n + 1; k < n + kSquareCascade; ++k) {
#pragma HLS UNROLL
      squares = cascade<kSlice>().mul_add(x[k], x[k], squares).pcout;
    }
    sums.squares = NormSquares(sums.squares + NormSquares(squares));
  }
  return sums;
}

/// D*x + c
inline ap_int<48> scaled_by_width(NormDim dim, ap_int<kResidualBits> x, ap_int<48> c) {
  using namespace hls::dsp48e2;
  if constexpr (kFewSlices) {
    const ap_int<kResidualBits + kNormDimBits + 1> product = x * dim;
#pragma HLS BIND_OP variable = product op = mul impl = fabric
    return C_t(product + c);
  } else {
    return mul_add<REG_A1 | REG_B1 | REG_M | REG_C | REG_P>(dim, x, c);
  }
}

/// One value: n = (D*x - sum) / sigma in Q.13, then y = sat16((n*gamma + beta + 2^(s-1)) >> s). The half that
/// rounds D*x - sum is taken off the sum, which is the same for all lanes.
inline Saturated<16> norm_lane(ap_int<kResidualBits> x, const TokenNorm& norm, NormDim dim,
                               const Channel& channel) {
  using namespace hls::dsp48e2;
  constexpr auto kSlice = REG_A1 | REG_B1 | REG_M | REG_C | REG_P;
  constexpr int kHalf = (1 << kNormDrop) >> 1;
  constexpr int kLeastShift = 17 - kNormFraction - kNormDrop;
  static_assert(kLeastShift >= 1, "a half of it is whole");
  const C_t below = kHalf - norm.sum;
  const NormCentred centred = NormCentred(scaled_by_width(dim, x, below) >> kNormDrop);
  const ap_int<kNormCentredBits + 17> product = centred * norm.rsqrt.root;
  // Rounded; the result has at most 20 bits.
  const ap_int<kNormCentredBits + 18 - kLeastShift> halves = product >> (kLeastShift - 1);
  const ap_int<21> half_steps = shift_right<21, 4>(halves, norm.rsqrt.half_exponent, false).value;
  const ap_int<20> normal = ap_int<20>((half_steps + 1) >> 1);
  const C_t scaled = mul_add<kSlice>(normal, ap_int<16>(channel.multiplier), channel.bias);
  return saturating_shift<16>(scaled, channel.shift);
}

/// Scales a group and puts it into `act`. Returns how many of its values were clipped.
inline NormCount scale_group(const NormLanes& x, const NormWalk& walk, bool here, const NormMemories& norms,
                             NormDim dim, TensorMemory<kActDepth>& act) {
  const TokenNorm norm = unpack_norm(norms.tokens[here ? walk.token : ap_uint<16>(0)]);
  const NormCount lanes = lanes_of(walk);
  Lanes<kNormLanes, 16> y;
  NormCount clipped = 0;
SCALE_LANE:
  for (int n = 0; n < kNormLanes; ++n) {
#pragma HLS UNROLL
    const Saturated<16> value = norm_lane(x[n], norm, dim, record_of(norms, n, walk.part));
    y[n] = n < lanes ? value.value : ap_int<16>(0);
    clipped = NormCount(clipped + ap_uint<1>(here && n < lanes && value.clipped));
  }
SCALE_BANK:
  for (int bank = 0; bank < kBanks; ++bank) {
#pragma HLS UNROLL
    Lanes<kCols, 16> part;
  PART_LANE:
    for (int n = 0; n < kCols; ++n) {
#pragma HLS UNROLL
      part[n] = y[(bank % kNormBanks) * kCols + n];
    }
    const bool taken = here && (walk.part & (kNormGroups - 1)) == bank / kNormBanks;
    if (taken) act[bank][ap_uint<16>(walk.plane + walk.token)] = pack<kCols, 16>(part);
  }
  return clipped;
}

/// LAYERNORM; returns how many values were clipped.
inline Counter layernorm(const Command& command, const ResidualMemory& residual, NormMemories& norms,
                         TensorMemory<kActDepth>& act, hls::stream<Feed>& feeds) {
  const NormDim dim = NormDim(command.dim);
  const NormPart parts = NormPart(command.k_tiles * kNormGroups);
  const NormLag lag = NormLag(parts * kLagParts + kNormRest);
  NormWalk summing = first_group(command, command.src_base);
  NormWalk scaling = first_group(command, command.dst_base);
  NormLag wait = lag;  // steps until the first group is scaled
  NormLag slot = 0;
  NormPart loaded = 0;  // groups whose records have come
  FeedOfGroup feed_of_group = 0;
  GroupSums resting = {false, false, false, 0, 0, 0};
  NormSum sum = 0;
  NormSquares squares = 0;
  Counter saturated = 0;
NORM:
  while (scaling.valid) {
#pragma HLS PIPELINE II = 1
#pragma HLS DEPENDENCE variable = norms.tokens inter distance = kNormRest
#pragma HLS DEPENDENCE variable = norms.ring inter distance = kNormRest
#pragma HLS DEPENDENCE variable = norms.gammas inter distance = kNormRest
#pragma HLS DEPENDENCE variable = norms.betas inter distance = kNormRest
#pragma HLS DEPENDENCE variable = norms.shifts inter distance = kNormRest
    sum = resting.first ? resting.sum : NormSum(sum + resting.sum);
    squares = resting.first ? resting.squares : NormSquares(squares + resting.squares);
    TokenNorm norm;
    norm.sum = sum;
    norm.rsqrt = rsqrt(spread(dim, squares, sum, ap_uint<kEpsBits>(command.eps)));
    if (resting.valid && resting.last) norms.tokens[resting.token] = pack_norm(norm);

    const NormLanes x = read_group(residual, summing);
    resting = sums_of(x, summing, command);
    norms.ring[slot] = pack<kNormLanes, kResidualBits>(x);
    if (summing.valid) {
      summing = next_group(summing, command, command.src_base, command.src_stride);
    }

    if (loaded != parts) {
      keep_records(norms, feed_of_group, loaded, feeds.read());
      const bool whole = feed_of_group == kNormFeeds - 1;
      loaded = whole ? NormPart(loaded + 1) : loaded;
      feed_of_group = whole ? FeedOfGroup(0) : FeedOfGroup(feed_of_group + 1);
    }

    const bool here = wait == 0;
    const NormLanes waited = unpack<kNormLanes, kResidualBits>(norms.ring[NormLag(slot - lag)]);
    const NormCount clipped = scale_group(waited, scaling, here, norms, dim, act);
    saturated = Counter(saturated + clipped);
    if (here) {
      scaling = next_group(scaling, command, command.dst_base, command.dst_stride);
    } else {
      wait = NormLag(wait - 1);
    }
    slot = NormLag(slot + 1);
  }
  return saturated;
}

}  // namespace edgemoe
