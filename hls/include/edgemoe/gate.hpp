// SPDX-License-Identifier: Apache-2.0
// The gate: ranks each token's experts by raw logits, scores the chosen ones by an exact softmax, and pushes
// the token onto their queues. Three short pipelined sweeps over the tokens, feeding each other through small
// memories.
#pragma once

#include <hls_stream.h>

#include "edgemoe/command.hpp"
#include "edgemoe/experts.hpp"
#include "edgemoe/memories.hpp"
#include "edgemoe/softmax.hpp"

namespace edgemoe {

using ExpertIndex = ap_uint<5>;
static_assert(kMaxExperts <= 32 && kMaxTopK <= 4, "a choice has four slots, an expert's index five bits");

/// A token's ranking: experts by rank (5 bits each), then the integer maximum of its scores.
using RankingWord = ap_uint<28>;
/// A token's exponentials by rank (15 bits each), then the reciprocal of their sum.
using ShareWord = ap_uint<83>;

/// Experts of a token by rank, the rank being how many others have a larger logit or the same and a lower
/// index, and the largest logit. Every two are compared once; those from `experts` on lose.
struct Ranks {
  ap_uint<5> rank[kMaxExperts];
  Accumulator best;

  /// The expert of a rank.
  ExpertIndex expert(int wanted) const {
    ExpertIndex found = 0;
  FIND:
    for (int i = 0; i < kMaxExperts; ++i) {
#pragma HLS UNROLL
      found = found | (rank[i] == wanted ? ExpertIndex(i) : ExpertIndex(0));
    }
    return found;
  }
};

inline Ranks ranks_of(const GateMemory& gate, ap_uint<16> token, ap_uint<8> experts) {
  Accumulator logit[kMaxExperts];
  Ranks ranks;
FIELD_TILE:
  for (int tile = 0; tile < kGateTiles; ++tile) {
#pragma HLS UNROLL
    const Lanes<kCols, kAccBits> logits = unpack<kCols, kAccBits>(gate[tile][token]);
  FIELD_LANE:
    for (int n = 0; n < kCols; ++n) {
#pragma HLS UNROLL
      logit[tile * kCols + n] = logits[n];
      ranks.rank[tile * kCols + n] = 0;
    }
  }
LOW:
  for (int low = 0; low < kMaxExperts; ++low) {
#pragma HLS UNROLL
  HIGH:
    for (int high = low + 1; high < kMaxExperts; ++high) {
#pragma HLS UNROLL
      const bool high_wins = high < experts && logit[high] > logit[low];
      ranks.rank[low] = ap_uint<5>(ranks.rank[low] + ap_uint<1>(high_wins));
      ranks.rank[high] = ap_uint<5>(ranks.rank[high] + ap_uint<1>(!high_wins));
    }
  }
  ap_uint<kAccBits> best = 0;
BEST:
  for (int i = 0; i < kMaxExperts; ++i) {
#pragma HLS UNROLL
    best = best | (ranks.rank[i] == 0 ? ap_uint<kAccBits>(logit[i]) : ap_uint<kAccBits>(0));
  }
  ranks.best = Accumulator(best);
  return ranks;
}

/// Expert sums start from zero. A sweep that is under way anyway clears a row a step; the rest is cleared
/// after.
inline void clear_row(SumMemory& accum, ap_uint<16>& row) {
  if (row != kResidualDepth) {
  CLEAR_BANK:
    for (int bank = 0; bank < kBanks; ++bank) {
#pragma HLS UNROLL
      accum[bank][row] = 0;
    }
    row = ap_uint<16>(row + 1);
  }
}

/// Sweep 1: the `group` winners of a token a step.
inline void rank_experts(const Command& command, const GateMemory& gate, RankingWord (&rankings)[kMaxTokens],
                         SumMemory& accum, ap_uint<16>& cleared) {
RANK:
  for (ap_uint<16> token = 0; token != command.tokens; ++token) {
#pragma HLS PIPELINE II = 1
    const Ranks ranks = ranks_of(gate, token, command.heads);
    const Score largest_score =
        Score(requantise(ranks.best, command.mult0, Shift(command.shift0), largest(kScoreBits)).value);
    RankingWord ranking = RankingWord(ap_uint<8>(integer_part(largest_score))) << 20;
  WINNER:
    for (int slot = 0; slot < kMaxTopK; ++slot) {
#pragma HLS UNROLL
      if (slot < command.group) ranking = ranking | (RankingWord(ranks.expert(slot)) << (slot * 5));
    }
    rankings[token] = ranking;
    clear_row(accum, cleared);
  }
}

/// Experts that a step of the next sweep takes.
constexpr int kShareLanes = kCols < 8 ? kCols / 2 : 4;
static_assert(kCols % kShareLanes == 0, "a step's experts lie in one row of logits");

/// Lane `n` of step `step` of a token: its logits of so many experts after the others.
inline Accumulator select_logit(const GateMemory& gate, ap_uint<16> token, ExpertIndex step, int n) {
  Accumulator selected = 0;
SELECT_TILE:
  for (int tile = 0; tile < kGateTiles; ++tile) {
#pragma HLS UNROLL
    const Lanes<kCols, kAccBits> logits = unpack<kCols, kAccBits>(gate[tile][token]);
  SELECT:
    for (int i = 0; i < kCols / kShareLanes; ++i) {
#pragma HLS UNROLL
      if (step == tile * (kCols / kShareLanes) + i) selected = logits[i * kShareLanes + n];
    }
  }
  return selected;
}

/// Sweep 2: exponentials and their sum, kShareLanes experts a step. The sum runs over all experts or over the
/// chosen ones. Returns how many of its scores were clipped.
inline Counter share_scores(const Command& command, const GateMemory& gate,
                            const RankingWord (&rankings)[kMaxTokens], ShareWord (&shares)[kMaxTokens],
                            SumMemory& accum, ap_uint<16>& cleared) {
  const bool over_all = command.rule == kRuleSoftmaxAll;
  const ExpertIndex last_step = ExpertIndex((command.heads - 1) / kShareLanes);
  ap_uint<16> token = 0;
  ExpertIndex step = 0;
  ap_uint<24> sum = 0;
  Counter saturated = 0;
  Exponential share[kMaxTopK];
CLEAR_SHARE:
  for (int slot = 0; slot < kMaxTopK; ++slot) {
#pragma HLS UNROLL
    share[slot] = 0;
  }
SHARE:
  while (token != command.tokens) {
#pragma HLS PIPELINE II = 1
    const RankingWord ranking = rankings[token];
    ap_uint<24> part = 0;
    ap_uint<log2_floor(kShareLanes) + 1> clipped = 0;
  SHARE_LANE:
    for (int n = 0; n < kShareLanes; ++n) {
#pragma HLS UNROLL
      const ap_uint<6> expert = ap_uint<6>(step * kShareLanes + n);
      const Accumulator logit = select_logit(gate, token, step, n);
      const Saturated<kLaneBits> score =
          requantise(logit, command.mult0, Shift(command.shift0), largest(kScoreBits));
      const Score t = Score(score.value);
      const Exponential e = exp2_lane(t, IntegerMaximum(bits<8>(ranking, 20)));
      bool chosen = false;
    SLOT:
      for (int slot = 0; slot < kMaxTopK; ++slot) {
#pragma HLS UNROLL
        const bool here = slot < command.group && bits<5>(ranking, 5 * slot) == expert;
        chosen = chosen || here;
        if (here) share[slot] = e;
      }
      const bool counts = expert < command.heads && (over_all || chosen);
      part = ap_uint<24>(part + (counts ? e : Exponential(0)));
      clipped = ap_uint<log2_floor(kShareLanes) + 1>(clipped + ap_uint<1>(counts && score.clipped));
    }
    sum = ap_uint<24>((step == 0 ? ap_uint<24>(0) : sum) + part);
    saturated = Counter(saturated + clipped);
    const Reciprocal r = reciprocal(sum == 0 ? ap_uint<24>(1) : sum);
    const bool last = step == last_step;
    ShareWord word = (ShareWord(r.value) << 60) | (ShareWord(r.half_exponent) << 78);
  SHARE_SLOT:
    for (int slot = 0; slot < kMaxTopK; ++slot) {
#pragma HLS UNROLL
      word = word | (ShareWord(share[slot]) << (15 * slot));
    }
    if (last) shares[token] = word;
    clear_row(accum, cleared);
    token = last ? ap_uint<16>(token + 1) : token;
    step = last ? ExpertIndex(0) : ExpertIndex(step + 1);
  }
  return saturated;
}

/// p = min((e*q + 2^(sh-1)) >> sh, 65535), sh = 1 + 2k: a score in Q.16.
inline ap_uint<16> gate_score(Exponential e, const Reciprocal& r) {
  const ap_int<33> product = e * r.value;
  const ap_int<18> score = saturating_shift<18>(product, Shift((ap_uint<6>(r.half_exponent) << 1) + 1)).value;
  return score > 65535 ? ap_uint<16>(65535) : ap_uint<16>(score);
}

/// Sweep 3: scores of the chosen experts, one a step; kept ones join the expert's queue.
inline void fill_queues(const Command& command, const RankingWord (&rankings)[kMaxTokens],
                        const ShareWord (&shares)[kMaxTokens], ChoiceWord (&choice)[kMaxTokens],
                        QueueEntry (&queue)[kQueueDepth], ap_uint<16> (&counts)[kMaxExperts],
                        SumMemory& accum, ap_uint<16>& cleared) {
  const ap_uint<3> last_slot = ap_uint<3>(command.group - 1);
  ap_uint<16> token = 0;
  ap_uint<3> slot = 0;
  ChoiceWord chosen = 0;
FILL:
  while (token != command.tokens) {
#pragma HLS PIPELINE II = 1
    const ShareWord share = shares[token];
    Reciprocal r;
    r.value = bits<17>(share, 60);
    r.half_exponent = bits<5>(share, 78);
    const ExpertIndex expert = ExpertIndex(rankings[token] >> ap_uint<5>(slot * 5));
    const ap_uint<16> score = gate_score(Exponential(share >> ap_uint<6>(slot * 15)), r);
    const bool kept = score >= command.threshold;
    ap_uint<16> position = 0;
  COUNT:
    for (int i = 0; i < kMaxExperts; ++i) {
#pragma HLS UNROLL
      const bool here = expert == i;
      if (here) position = counts[i];
      if (here && kept) counts[i] = ap_uint<16>(counts[i] + 1);
    }
    if (kept) queue[ap_uint<16>(queue_row(expert) + position)] = queue_entry(token, score);
    const ap_uint<32> record = ap_uint<32>(expert) | (ap_uint<32>(kept) << 8) | (ap_uint<32>(score) << 16);
    chosen = (slot == 0 ? ChoiceWord(0) : chosen) | (ChoiceWord(record) << ap_uint<7>(slot * 32));
    const bool last = slot == last_slot;
    if (last) choice[token] = chosen;
    clear_row(accum, cleared);
    token = last ? ap_uint<16>(token + 1) : token;
    slot = last ? ap_uint<3>(0) : ap_uint<3>(slot + 1);
  }
}

/// GATE: choices and queues of every token; the number of tokens of each expert goes to the walker. Returns
/// how many scores were clipped.
inline Counter gate_tokens(const Command& command, const GateMemory& gate,
                           RankingWord (&rankings)[kMaxTokens], ShareWord (&shares)[kMaxTokens],
                           ChoiceWord (&choice)[kMaxTokens], QueueEntry (&queue)[kQueueDepth],
                           SumMemory& accum, hls::stream<ap_uint<16>>& expert_tokens) {
  ap_uint<16> counts[kMaxExperts];
CLEAR_COUNTS:
  for (int i = 0; i < kMaxExperts; ++i) {
#pragma HLS UNROLL
    counts[i] = 0;
  }
  ap_uint<16> cleared = 0;
  rank_experts(command, gate, rankings, accum, cleared);
  const Counter saturated = share_scores(command, gate, rankings, shares, accum, cleared);
  fill_queues(command, rankings, shares, choice, queue, counts, accum, cleared);
CLEAR_SUMS:
  while (cleared != kResidualDepth) {
#pragma HLS PIPELINE II = 1
    clear_row(accum, cleared);
  }
SEND_COUNTS:
  for (int i = 0; i < kMaxExperts; ++i) {
#pragma HLS UNROLL
    if (i < command.heads) expert_tokens.write(counts[i]);
  }
  return saturated;
}

}  // namespace edgemoe
