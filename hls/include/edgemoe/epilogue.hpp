// SPDX-License-Identifier: Apache-2.0
// What happens to the requantised results of a step, by the command's epilogue.
#pragma once

#include <hls_stream.h>

#include "edgemoe/command.hpp"
#include "edgemoe/experts.hpp"
#include "edgemoe/gelu.hpp"
#include "edgemoe/on_chip.hpp"

namespace edgemoe {

/// The epilogue as the flags that the lanes need.
struct EpilogueFlags {
  bool to_act;
  bool to_keys;
  bool to_residual;
  bool scatter;   // into the expert sums
  bool by_queue;  // rows of the destination by the queue
  bool to_gate;
  bool to_dram;
  bool gelu;
  LaneValue limit;  // saturation of the requantiser
};

inline EpilogueFlags epilogue_of(const Command& command, bool attention) {
  EpilogueFlags e;
  const bool requantise = attention || command.epilogue == kEpilogueRequant;
  e.gelu = !attention && command.epilogue == kEpilogueGelu;
  e.to_keys = !attention && requantise && command.space == kSpaceKeys;
  e.to_act = e.gelu || (requantise && !e.to_keys);
  e.to_residual = !attention && command.epilogue == kEpilogueResidual;
  e.scatter = !attention && command.epilogue == kEpilogueExpert;
  e.by_queue = e.scatter || (attention && command.gather);
  e.to_gate = !attention && command.epilogue == kEpilogueRaw;
  e.to_dram = !attention && command.epilogue == kEpilogueDram;
  e.limit =
      e.gelu ? largest(kHiddenBits) : (e.to_residual || e.scatter ? largest(kExpertBits) : largest(kActBits));
  return e;
}

/// A result a column on its way out.
struct Result {
  Lanes<kCols, kLaneBits> lane;  // requantised
  Clipped clipped;               // of `lane`
  Lanes<kCols, kAccBits> sum;    // raw
  ap_uint<16> step;
  ap_uint<16> row;  // of the destination tensor
  Bank bank;
  ap_uint<8> tile;    // n-tile
  ap_uint<16> score;  // of the gathered token
};

/// The multiplication of a lane's epilogue, of which a command has one: GELU by its output scale, or a lane
/// by the score.
inline void scale_lanes(LaneProduct (&product)[kCols], const Result& result, bool by_score,
                        ap_uint<16> scale) {
SCALE:
  for (int n = 0; n < kCols; ++n) {
#pragma HLS UNROLL
    const LaneValue hidden = gelu(GeluValue(result.lane[n]));
    const LaneValue value = by_score ? result.lane[n] : hidden;
    const ap_uint<16> factor = by_score ? result.score : scale;
    product[n] = value * factor;
  }
}

/// 16-bit result: GELU with its output scale, or the lane as it is. Adds the lanes that GELU's scale clips.
inline Beat activation_beat(const Result& result, const LaneProduct (&product)[kCols], bool with_gelu,
                            Shift shift, Clipped& clipped) {
  Lanes<kCols, 16> out;
ACTIVATION:
  for (int n = 0; n < kCols; ++n) {
#pragma HLS UNROLL
    const Saturated<16> hidden = scaled_gelu(product[n], shift);
    out[n] = with_gelu ? hidden.value : ap_int<16>(result.lane[n]);
    clipped.lane[n] = clipped.lane[n] || (with_gelu && hidden.clipped);
  }
  return pack<kCols, 16>(out);
}

/// x = sat(x + y). Adds the lanes that this clips.
inline ResidualWord add_to_residual(ResidualWord residual, const Result& result, Clipped& clipped) {
  Lanes<kCols, kResidualBits> x = unpack<kCols, kResidualBits>(residual);
RESIDUAL_LANE:
  for (int n = 0; n < kCols; ++n) {
#pragma HLS UNROLL
    const Saturated<kResidualBits> sum =
        saturate<kResidualBits, kLaneBits + 1>(ap_int<kLaneBits + 1>(x[n] + result.lane[n]));
    x[n] = sum.value;
    clipped.lane[n] = clipped.lane[n] || sum.clipped;
  }
  return pack<kCols, kResidualBits>(x);
}

/// Puts a step's results where they go and returns how many of them were clipped; the gate's logits never
/// are.
inline ColumnCount write_result(const Result& result, const EpilogueFlags& epilogue, const Command& command,
                                hls::stream<Beat>& results, Memories& memory) {
  Clipped clipped = result.clipped;
  LaneProduct product[kCols];
  scale_lanes(product, result, epilogue.scatter, command.mult0);
  const Beat activation = activation_beat(result, product, epilogue.gelu, command.shift0, clipped);
  if (epilogue.to_act) memory.act[result.bank][result.row] = activation;
  if (epilogue.to_keys) write_key_beat(memory.keys, result.row, result.bank, activation);
  if (epilogue.to_residual) {
    memory.residual[result.bank][result.row] =
        add_to_residual(memory.residual[result.bank][result.row], result, clipped);
  }
  if (epilogue.scatter) {
    memory.accum[result.bank][result.row] = add_weighted(memory.accum[result.bank][result.row], product);
  }
  if (epilogue.to_gate) memory.gate[result.tile][result.step] = pack<kCols, kAccBits>(result.sum);
  if (epilogue.to_dram) results.write(activation);
  return count_clipped(clipped, epilogue.to_gate ? ColumnCount(0) : ColumnCount(kCols));
}

}  // namespace edgemoe
