// SPDX-License-Identifier: Apache-2.0
// What the loop of LayerNorm keeps on chip, and where it stands in a tensor: a walk over the groups of
// kNormLanes channels of all tokens.
#pragma once

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

/// Groups of a word and of a token, sub-words of a group, and feeds of its channel records.
constexpr int kNormGroups = kRows / kNormLanes;
constexpr int kNormParts = kMaxKTiles * kNormGroups;
constexpr int kNormBanks = kNormLanes / kCols;
constexpr int kNormFeeds = kNormLanes / kFeedRecords;

/// Steps between the write of a memory of the loop and the next read of that word, and between the read and
/// the next write: as many as it takes from a token's last group to its root, which is the longest way. (What
/// is read before the first group comes out is not used, and there the promise says nothing.)
constexpr int kNormRest = 12;
/// A group comes out of the ring so many steps after it went in: as many as its token has groups and
/// kNormRest; where a group's records take more than two steps, so many times that its records have come.
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
  next.left =
      last ? NormDim(command.dim) : (walk.left > kNormLanes ? NormDim(walk.left - kNormLanes) : NormDim(0));
  next.valid = walk.valid && next.token != command.tokens;
  return next;
}

/// Lanes of the group that are channels of the token.
inline NormCount lanes_of(const NormWalk& walk) {
  return walk.left < kNormLanes ? NormCount(walk.left) : NormCount(kNormLanes);
}

}  // namespace edgemoe
