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

static_assert(kMaxDim < 1 << 10 && kMaxKTiles * kRows <= 1 << 10,
              "sums of x and x^2 over 1024 channels: 26 and 42 bits");

/// What a token's second sweep needs: sum of x, 1/sqrt(U) = root * 2^-(17 + half_exponent).
struct TokenNorm {
  ap_int<27> sum;
  ReciprocalRoot rsqrt;
};
using TokenNormWord = ap_uint<50>;

inline TokenNormWord pack_norm(const TokenNorm& n) {
  return TokenNormWord(ap_uint<27>(n.sum)) | (TokenNormWord(n.rsqrt.root) << 27) |
         (TokenNormWord(n.rsqrt.half_exponent) << 45);
}

inline TokenNorm unpack_norm(TokenNormWord word) {
  TokenNorm n;
  n.sum = ap_int<27>(bits<27>(word, 0));
  n.rsqrt.root = bits<18>(word, 27);
  n.rsqrt.half_exponent = bits<5>(word, 45);
  return n;
}

/// U = D * sum(x^2) - sum(x)^2 + E, at least 4 by the choice of E.
inline ap_uint<64> spread(ap_uint<10> dim, ap_uint<44> squares, ap_int<27> sum, ap_uint<kEpsBits> eps) {
  const ap_int<64> u = ap_int<64>(dim * squares) - ap_int<64>(sum * sum) + ap_int<64>(eps);
  return ap_uint<64>(u);
}

/// Banks that a step of either sweep reads, and such groups of a word.
constexpr int kNormBanks = kNormLanes / kCols;
constexpr int kNormGroups = kBanks / kNormBanks;

/// Lanes of group `group` of a row. Every bank is read, each at its own port; the group is chosen of what
/// comes.
inline Lanes<kNormLanes, 16> read_group(const TensorMemory<kResidualDepth>& residual, Bank group,
                                        ap_uint<16> row) {
  const Lanes<kRows, 16> word = read_word(residual, row);
  Lanes<kNormLanes, 16> x;
GROUP_LANE:
  for (int n = 0; n < kNormLanes; ++n) {
#pragma HLS UNROLL
    x[n] = word[n];
  GROUP:
    for (int other = 1; other < kNormGroups; ++other) {
#pragma HLS UNROLL
      if (group == other) x[n] = word[other * kNormLanes + n];
    }
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
  ap_int<27> sum;
  ap_uint<44> squares;
};

/// Sweep 1, token by token: sums of x and of x^2 of a group of lanes a step.
inline void norm_sums(const Command& command, const TensorMemory<kResidualDepth>& residual,
                      TokenNormWord (&norms)[kMaxTokens]) {
  const ap_uint<10> dim = ap_uint<10>(command.dim);
  const ap_uint<8> last_part = ap_uint<8>(command.k_tiles * kNormGroups - 1);
  ap_uint<16> token = 0;
  ap_uint<8> part = 0;  // group of the token
  ap_uint<16> plane = command.src_base;
  ap_int<27> sum = 0;
  ap_uint<44> squares = 0;
  GroupSums resting = {false, false, false, 0, 0, 0};
  bool reading = true;
NORM_SUMS:
  while (reading || resting.valid) {
#pragma HLS PIPELINE II = 1
    sum = resting.first ? resting.sum : ap_int<27>(sum + resting.sum);
    squares = resting.first ? resting.squares : ap_uint<44>(squares + resting.squares);
    TokenNorm norm;
    norm.sum = sum;
    norm.rsqrt = rsqrt(spread(dim, squares, sum, ap_uint<kEpsBits>(command.eps)));
    if (resting.valid && resting.last) norms[resting.token] = pack_norm(norm);

    const Bank group = Bank(part & (kNormGroups - 1));
    const Lanes<kNormLanes, 16> x =
        read_group(residual, group, reading ? ap_uint<16>(plane + token) : ap_uint<16>(0));
    ap_int<27> group_sum = 0;
    ap_uint<44> group_squares = 0;
  NORM_LANE:
    for (int n = 0; n < kNormLanes; ++n) {
#pragma HLS UNROLL
      group_sum = ap_int<27>(group_sum + x[n]);
      group_squares = ap_uint<44>(group_squares + ap_uint<32>(x[n] * x[n]));
    }
    const bool last = part == last_part;
    resting = {reading, part == 0, last, token, group_sum, group_squares};
    plane = last ? command.src_base
                 : (group == kNormGroups - 1 ? ap_uint<16>(plane + command.src_stride) : plane);
    reading = reading && !(last && ap_uint<16>(token + 1) == command.tokens);
    token = last ? ap_uint<16>(token + 1) : token;
    part = last ? ap_uint<8>(0) : ap_uint<8>(part + 1);
  }
}

/// One value: n = (D*x - sum) / sigma in Q.13, then y = sat16((n*gamma + beta + 2^(s-1)) >> s).
inline ap_int<16> norm_lane(ap_int<16> x, const TokenNorm& norm, ap_uint<10> dim, const Channel& channel) {
  const ap_int<27> centred = ap_int<27>(dim * x - norm.sum);
  const ap_int<46> product = centred * norm.rsqrt.root;
  const Shift shift = Shift(norm.rsqrt.half_exponent + 4);  // 17 + k - 13
  const ap_int<20> normal = ap_int<20>(round_shift<46>(product, shift));
  const ap_int<48> scaled = ap_int<48>(normal * ap_int<16>(channel.multiplier) + channel.bias);
  return saturate<16, 48>(round_shift<48>(scaled, channel.shift));
}

/// Feeds of channel records of a group.
constexpr int kNormFeeds = kNormLanes / kFeedRecords;

/// Sweep 2, group by group: the feeds of records, then every token's lanes.
inline void norm_scale(const Command& command, const TensorMemory<kResidualDepth>& residual,
                       const TokenNormWord (&norms)[kMaxTokens], TensorMemory<kActDepth>& act,
                       hls::stream<Feed>& feeds) {
  const ap_uint<10> dim = ap_uint<10>(command.dim);
  const ap_uint<16> last_step = ap_uint<16>(command.tokens + kNormFeeds - 1);
  ap_uint<16> parts = ap_uint<16>(command.k_tiles * kNormGroups);  // groups still to do
  Bank group = 0;
  ap_uint<16> step = 0;  // feed, then token + kNormFeeds
  bool loading = true;   // step < kNormFeeds
  ap_uint<16> source = command.src_base;
  ap_uint<16> destination = command.dst_base;
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
    const Lanes<kNormLanes, 16> x = read_group(residual, group, ap_uint<16>(source + token));
    const TokenNorm norm = unpack_norm(norms[token]);
    Lanes<kNormLanes, 16> y;
  SCALE_LANE:
    for (int n = 0; n < kNormLanes; ++n) {
#pragma HLS UNROLL
      const Channel loaded = unpack_channel(bits<64>(feed, 64 * (n % kFeedRecords)));
      if (loading && step == n / kFeedRecords) channel[n] = loaded;
      y[n] = norm_lane(x[n], norm, dim, channel[n]);
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
      const bool here = !loading && group == bank / kNormBanks;
      if (here) act[bank][ap_uint<16>(destination + token)] = pack<kCols, 16>(part);
    }
    const bool last = step == last_step;
    const bool plane_end = last && group == kNormGroups - 1;
    source = plane_end ? ap_uint<16>(source + command.src_stride) : source;
    destination = plane_end ? ap_uint<16>(destination + command.dst_stride) : destination;
    group = plane_end ? Bank(0) : (last ? Bank(group + 1) : group);
    parts = last ? ap_uint<16>(parts - 1) : parts;
    step = last ? ap_uint<16>(0) : ap_uint<16>(step + 1);
    loading = step < kNormFeeds;
  }
}

inline void layernorm(const Command& command, const TensorMemory<kResidualDepth>& residual,
                      TokenNormWord (&norms)[kMaxTokens], TensorMemory<kActDepth>& act,
                      hls::stream<Feed>& feeds) {
  norm_sums(command, residual, norms);
  norm_scale(command, residual, norms, act, feeds);
}

}  // namespace edgemoe
