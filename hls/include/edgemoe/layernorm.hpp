// SPDX-License-Identifier: Apache-2.0
// LayerNorm in one pipelined loop over groups of kNormLanes channels, token by token: a group joins the exact
// sums of its token and waits in a ring; when these are complete it comes out again and is normalised, with
// gamma and beta of each channel. Formulas: docs/reference/arithmetic.md.
#pragma once

#include <hls_dsp_builtins.h>
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

/// What scaling a token needs: sum of x, 1/sqrt(U) = root * 2^-(17 + half_exponent).
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

/// Groups of a word and of a token, sub-words of a group, and feeds of its channel records.
constexpr int kNormGroups = kRows / kNormLanes;
constexpr int kNormParts = kMaxKTiles * kNormGroups;
constexpr int kNormBanks = kNormLanes / kCols;
constexpr int kNormFeeds = kNormLanes / kFeedRecords;

/// Steps between the write of a memory of the loop and the next read of that word, and between the read and the
/// next write: as many as it takes from a token's last group to its root, which is the longest way.
constexpr int kNormRest = 12;
/// A group comes out of the ring so many steps after it went in: as many as its token has groups and kNormRest;
/// where a group's records take more than two steps, so many times that its records have come.
constexpr int kLagParts = kNormFeeds > 2 ? kNormFeeds - 1 : 1;
constexpr int kLagBits = log2_floor(kLagParts * kNormParts + 2 * kNormRest - 1) + 1;
using NormLag = ap_uint<kLagBits>;
using NormPart = ap_uint<8>;
using FeedOfGroup = ap_uint<log2_floor(kNormFeeds) + 1>;
static_assert(kNormParts < 256, "a group of a token has a number");

/// The memories of the loop. Channel records lie there field by field: each is read where a lane needs it.
struct NormMemories {
  TokenNormWord tokens[kMaxTokens];
  ap_uint<kNormLanes * kResidualBits> ring[1 << kLagBits];
  ap_uint<16 * kFeedRecords> gammas[kNormFeeds][kNormParts];
  ap_uint<40 * kFeedRecords> betas[kNormFeeds][kNormParts];
  ap_uint<6 * kFeedRecords> shifts[kNormFeeds][kNormParts];
};

/// To be called where they are declared.
inline void partition(NormMemories& norms) {
#pragma HLS ARRAY_PARTITION variable = norms.gammas complete dim = 1
#pragma HLS ARRAY_PARTITION variable = norms.betas complete dim = 1
#pragma HLS ARRAY_PARTITION variable = norms.shifts complete dim = 1
}

/// Puts feed `i` of a group's records away.
inline void keep_records(NormMemories& norms, FeedOfGroup i, NormPart part, Feed feed) {
  Lanes<kFeedRecords, 16> gamma;
  Lanes<kFeedRecords, 40> beta;
  Lanes<kFeedRecords, 6> shift;
RECORD:
  for (int n = 0; n < kFeedRecords; ++n) {
#pragma HLS UNROLL
    const Channel channel = unpack_channel(bits<64>(feed, 64 * n));
    gamma[n] = channel.multiplier;
    beta[n] = channel.bias;
    shift[n] = channel.shift;
  }
KEEP:
  for (int other = 0; other < kNormFeeds; ++other) {
#pragma HLS UNROLL
    if (i == other) {
      norms.gammas[other][part] = pack<kFeedRecords, 16>(gamma);
      norms.betas[other][part] = pack<kFeedRecords, 40>(beta);
      norms.shifts[other][part] = pack<kFeedRecords, 6>(shift);
    }
  }
}

/// The record of lane `n` of a group.
inline Channel record_of(const NormMemories& norms, int n, NormPart part) {
  const int feed = n / kFeedRecords;
  const int record = n % kFeedRecords;
  Channel channel;
  channel.multiplier = bits<16>(norms.gammas[feed][part], 16 * record);
  channel.bias = bits<40>(norms.betas[feed][part], 40 * record);
  channel.shift = bits<6>(norms.shifts[feed][part], 6 * record);
  return channel;
}

using NormLanes = Lanes<kNormLanes, kResidualBits>;
/// A number of lanes of a group.
using NormCount = ap_uint<log2_floor(kNormLanes) + 1>;

/// Where a walk over the groups of all tokens stands.
struct NormWalk {
  bool valid;
  ap_uint<16> token;
  NormPart part;  // group of the token
  ap_uint<16> plane;
  NormDim left;  // channels from the group's first on
};

inline NormWalk first_group(const Command& command, ap_uint<16> base) {
  return {true, 0, 0, base, NormDim(command.dim)};
}

inline NormWalk next_group(const NormWalk& walk, const Command& command, ap_uint<16> base,
                           ap_uint<16> stride) {
  const bool last = walk.part == NormPart(command.k_tiles * kNormGroups - 1);
  const bool plane_end = (walk.part & (kNormGroups - 1)) == kNormGroups - 1;
  NormWalk next;
  next.token = last ? ap_uint<16>(walk.token + 1) : walk.token;
  next.part = last ? NormPart(0) : NormPart(walk.part + 1);
  next.plane = last ? base : (plane_end ? ap_uint<16>(walk.plane + stride) : walk.plane);
  next.left = last ? NormDim(command.dim)
                   : (walk.left > kNormLanes ? NormDim(walk.left - kNormLanes) : NormDim(0));
  next.valid = walk.valid && next.token != command.tokens;
  return next;
}

/// Lanes of the group that are channels of the token.
inline NormCount lanes_of(const NormWalk& walk) {
  return walk.left < kNormLanes ? NormCount(walk.left) : NormCount(kNormLanes);
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
  const NormCentred centred = NormCentred(mul_add<kSlice>(dim, x, below) >> kNormDrop);
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
