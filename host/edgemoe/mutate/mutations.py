# SPDX-License-Identifier: Apache-2.0
"""The mistakes: each a replacement in one source file, with the tests that must notice it."""

from __future__ import annotations

from edgemoe.mutate.back_end import BACK_MUTATIONS
from edgemoe.mutate.compiler import MIDDLE_MUTATIONS
from edgemoe.mutate.front_end import FRONT_MUTATIONS
from edgemoe.mutate.mutation import Mutation, of_compiler

GOLDEN = ("tests/golden",)
PROGRAM = ("tests/program",)
NETWORK = ("tests/golden/test_network.py",)
WIDE = ("tests/golden/test_wide.py",)
KERNELS = ("tests/csim/test_edges.py", "tests/csim/test_verdicts.py", "tests/csim/test_accelerator.py")

CHANGES = ("cosim/walker/test_walker.py::test_changes_natively",)

RTL = ("tests/compiler/back/test_rtl.py",)
EXPRESSIONS = ("tests/compiler/back/test_emission.py::test_expressions_keep_widths_and_signs",)
NARROWING = ("tests/compiler/front/test_narrow.py::test_narrowing_keeps_results",)
SCHEDULE = ("tests/compiler/back/test_schedule.py",)
HEADERS = ("tests/compiler/test_headers.py",)
NATIVE = ("tests/compiler/test_native.py",)
INTERPRETER = ("tests/compiler/front/test_narrow.py::test_the_interpreter_computes_as_python_does",)


def _golden(idea: str, file: str, old: str, new: str, tests: tuple[str, ...] = GOLDEN) -> Mutation:
    return Mutation(idea, f"host/edgemoe/{file}", old, new, tests)


def _kernel(idea: str, file: str, old: str, new: str) -> Mutation:
    return Mutation(idea, f"hls/include/edgemoe/{file}", old, new, KERNELS)


def _shim(idea: str, file: str, old: str, new: str, tests: tuple[str, ...]) -> Mutation:
    return Mutation(idea, f"hls/shim/detail/{file}", old, new, tests)


GOLDEN_MUTATIONS = (
    _golden("saturation one too high", "numerics.py", "(1 << (bits - 1)) - 1)", "1 << (bits - 1))"),
    _golden(
        "truncation for rounding", "numerics.py", ">> s) + 1) >> np.int64(1)", ">> s) + 0) >> np.int64(1)"
    ),
    _golden(
        "exp2 zero too early",
        "numerics.py",
        "np.where(distance >= 16, 0, e)",
        "np.where(distance >= 15, 0, e)",
    ),
    _golden("exp2 rounds down its interpolation", "numerics.py", "* low + 16) >> 5", "* low) >> 5"),
    _golden("rsqrt forgets the exponent's parity", "numerics.py", "p, i, low = e & 1,", "p, i, low = e & 0,"),
    _golden(
        "gelu's table ends halfway",
        "numerics.py",
        "np.minimum(u >> 9, GELU_STEPS)",
        "np.minimum(u >> 9, GELU_STEPS // 2)",
    ),
    _golden(
        "ties to the higher expert",
        "golden/experts.py",
        'np.argsort(-logits, axis=1, kind="stable")[:, :top_k]\n    if rule == Rule',
        'logits.shape[1] - 1 - np.argsort(-logits[:, ::-1], axis=1, kind="stable")[:, :top_k]\n    if rule == Rule',
    ),
    _golden(
        "threshold excludes its own value",
        "golden/experts.py",
        "score >= threshold)\n\n\ndef scatter",
        "score > threshold)\n\n\ndef scatter",
    ),
    _golden("expert's score not rounded", "golden/experts.py", "+ 32768) >> 16", ") >> 16"),
    _golden("combination not rounded", "golden/experts.py", "((accum + half) >>", "((accum) >>"),
    _golden(
        "LayerNorm's shift one short",
        "golden/layernorm.py",
        "(17 + k - NORM_FRACTION - NORM_DROP)",
        "(16 + k - NORM_FRACTION - NORM_DROP)",
    ),
    _golden(
        "context's reciprocal not rounded", "golden/attention.py", "(r * cm + 32768) >> 16", "(r * cm) >> 16"
    ),
    _golden(
        "residual wraps before it saturates",
        "golden/linear.py",
        "    return saturate(y, RESIDUAL_BITS)",
        "    return saturate(x + saturate(update, RESIDUAL_BITS), RESIDUAL_BITS)",
    ),
    _golden(
        "gate clears nothing", "golden/machine.py", "        self.words[Space.ACCUM][:] = 0\n", "", NETWORK
    ),
    _golden(
        "patches a row too low",
        "program/network.py",
        "            dst_base=len(self.config.prefix),\n",
        "            dst_base=0,\n",
        NETWORK,
    ),
    _golden(
        "head reads the class token",
        "program/network.py",
        'self.norm(f"{head}.norm", first=len(config.prefix), tokens=patches)\n        self.hidden(',
        'self.norm(f"{head}.norm", first=0, tokens=patches)\n        self.hidden(',
        NETWORK,
    ),
    _golden(
        "v where k is",
        "program/network.py",
        "aux_base=self.map.v,\n            aux_stride=self.tokens,",
        "aux_base=self.map.k,\n            aux_stride=self.tokens,",
        NETWORK,
    ),
    _golden(
        "mean of what was read as k",
        "program/network.py",
        "aux_base=self.map.v,\n            aux_stride=patches,",
        "aux_base=self.map.k,\n            aux_stride=patches,",
        WIDE,
    ),
    _golden("a head's score not rounded", "golden/attention.py", "(cm * score + 32768)", "(cm * score)"),
    _golden(
        "every token passes every head",
        "golden/machine.py",
        "        return tokens, weighted(d.mult1, score)\n",
        "        return np.arange(d.tokens), weighted(d.mult1, np.full(d.tokens, 32768))\n",
        WIDE,
    ),
    _golden(
        "heads chosen by another task's router",
        "program/network.py",
        'weights = f"{name}.{self.task}"',
        'weights = f"{name}.{self.config.tasks[0]}"',
        WIDE,
    ),
    _golden(
        "a second token beside the first, not plane by plane",
        "program/packing.py",
        "parts.shape[1], -1, rows).swapaxes(1, 2)",
        "parts.shape[1], -1, rows)",
        WIDE,
    ),
    _golden(
        "tiles in k-major order",
        "program/packing.py",
        "cols, k_tiles, rows).transpose(0, 2, 1, 3)",
        "cols, k_tiles, rows).transpose(0, 1, 2, 3)",
        PROGRAM,
    ),
    _golden(
        "pixels channel last",
        "program/packing.py",
        "channels).transpose(0, 2, 4, 1, 3)",
        "channels).transpose(0, 2, 1, 3, 4)",
        PROGRAM,
    ),
    _golden(
        "address check one too lax",
        "golden/verdict.py",
        "if _end(base, stride, planes, d.tokens) > depth_:",
        "if _end(base, stride, planes, d.tokens) > depth_ + 1:",
        PROGRAM,
    ),
    _golden("a changed program runs on", "golden/machine.py", " or (last and changed):", ":", PROGRAM),
    _golden(
        "overlap of touching ranges",
        "golden/verdict.py",
        "return base < _end(base2,",
        "return base <= _end(base2,",
        PROGRAM,
    ),
)

KERNEL_MUTATIONS = (
    _kernel(
        "saturation one too high",
        "fixed.hpp",
        "constexpr long long kHigh = (1LL << (W - 1)) - 1;",
        "constexpr long long kHigh = (1LL << (W - 1)) - 2;",
    ),
    _kernel("truncation for rounding", "fixed.hpp", "(half_steps + 1) >> 1", "half_steps >> 1"),
    _kernel(
        "normalise misses a level", "fixed.hpp", "int level = 5; level >= 0", "int level = 5; level >= 1"
    ),
    _kernel("exp2 zero too late", "softmax.hpp", "distance >= 16 ?", "distance >= 17 ?"),
    _kernel("reciprocal not rounded", "softmax.hpp", "r.root * r.root + 65536", "r.root * r.root"),
    _kernel("gelu of the signed value", "gelu.hpp", "h < 0 ? GeluValue(0) : h", "h"),
    _kernel("ties to the higher expert", "gate.hpp", "logit[high] > logit[low]", "logit[high] >= logit[low]"),
    _kernel(
        "threshold excludes its own value",
        "gate.hpp",
        "score >= command.threshold",
        "score > command.threshold",
    ),
    _kernel(
        "score not limited",
        "gate.hpp",
        "score > 65535 ? ap_uint<16>(65535) : ap_uint<16>(score)",
        "ap_uint<16>(score)",
    ),
    _kernel(
        "sums not cleared",
        "gate.hpp",
        "      accum[bank][row] = 0;\n",
        "      accum[bank][row] = accum[bank][row];\n",
    ),
    _kernel(
        "combination not rounded",
        "combine.hpp",
        "<< 1) | 1) + halves.value",
        "<< 1)) + halves.value",
    ),
    _kernel(
        "expert's score not rounded", "experts.hpp", "((product[n] + 32768) >> 16)", "(product[n] >> 16)"
    ),
    _kernel(
        "a head's score not rounded", "attention.hpp", "multiplier * score + 32768", "multiplier * score"
    ),
    _kernel(
        "contexts of a queue stay in its order", "epilogue.hpp", "(attention && command.gather)", "false"
    ),
    _kernel(
        "contexts of other tokens not cleared",
        "compute.hpp",
        "if (takes_heads(command)) clear_context(command, memory.act);",
        "",
    ),
    _kernel(
        "a head takes the queue of the first",
        "walker.hpp",
        "    one.expert = head;\n",
        "    one.expert = 0;\n",
    ),
    _kernel(
        "a score of another group's gate",
        "checks.hpp",
        "(agrees && c.group == state.gate_group)",
        "agrees",
    ),
    _kernel(
        "scores on top of partial sums", "engine.hpp", "first_inner && !activity.scores;", "first_inner;"
    ),
    _kernel(
        "maximum forgets the tiles before",
        "attention.hpp",
        "return !first && before > maximum",
        "return false",
    ),
    _kernel(
        "a column of values begins a row late",
        "keys.hpp",
        "column ? Turn(b - lane)",
        "column ? Turn(b - lane + 1)",
    ),
    _kernel("exponentials beyond the last key", "attention.hpp", "k < size ?", "k <= size ?"),
    _kernel(
        "residual wraps",
        "epilogue.hpp",
        "    x[n] = sum.value;\n    clipped",
        "    x[n] = ap_int<kResidualBits>(x[n] + result.lane[n]);\n    clipped",
    ),
    _kernel(
        "hidden value saturates early",
        "epilogue.hpp",
        "e.gelu ? largest(kHiddenBits)",
        "e.gelu ? largest(kHiddenBits - 1)",
    ),
    _kernel(
        "magic number not checked",
        "walker.hpp",
        "if (bits<32>(header, 0) != kMagic) return int(kErrorMagic);",
        "",
    ),
    _kernel(
        "address check one too lax",
        "checks.hpp",
        "verdict.require(c.src_base + c.size <= store_depth(c.space), kErrorAddress);",
        "verdict.require(c.src_base + c.size <= store_depth(c.space) + 1, kErrorAddress);",
    ),
    Mutation(
        "the second reading is not checked",
        "hls/include/edgemoe/walker.hpp",
        "    if (code != kErrorNone || wrong_sum) {",
        "    if (wrong_sum) {",
        CHANGES,
    ),
    Mutation(
        "the second reading's sum is not compared",
        "hls/include/edgemoe/walker.hpp",
        "    if (code != kErrorNone || wrong_sum) {",
        "    if (code != kErrorNone) {",
        CHANGES,
    ),
    Mutation(
        "a changed descriptor runs before it is noticed",
        "hls/include/edgemoe/walker.hpp",
        "if (running && !last && verdict.status == kErrorNone) run(c);",
        "if (running && !last) run(c);",
        CHANGES,
    ),
    _kernel("unused experts fetched", "walker.hpp", "if (tokens != 0) send_expert", "if (true) send_expert"),
)

COMPILER_MUTATIONS = (
    of_compiler(
        "signed comparison as unsigned",
        "backend/expressions.py",
        "if op.compare.signed:",
        "if not op.compare:",
        EXPRESSIONS,
    ),
    of_compiler(
        "arithmetic shift as logical",
        "backend/expressions.py",
        ">>> {operands[1]})",
        ">> {operands[1]})",
        EXPRESSIONS,
    ),
    of_compiler(
        "sign extension as zero extension",
        "backend/expressions.py",
        "return extend(operands[0], widths[0], op.width, True)",
        "return extend(operands[0], widths[0], op.width, False)",
        EXPRESSIONS,
    ),
    of_compiler(
        "narrowing one bit too far",
        "passes/narrow.py",
        "bits = max(1, min(wanted, known.unsigned, known.signed, value.width))",
        "bits = max(1, min(wanted, known.unsigned, known.signed, value.width) - 1)",
        NARROWING,
    ),
    of_compiler(
        "loop-carried value a cycle late",
        "recurrences.py",
        "EdgeKind.ORDER, latency + 1, 1, ",
        "EdgeKind.ORDER, latency, 1, ",
        SCHEDULE,
    ),
    of_compiler(
        "dependence distance ignored",
        "recurrences.py",
        "edge.kind, edge.cycles - ii * edge.distance",
        "edge.kind, edge.cycles - ii * min(edge.distance, 1)",
        SCHEDULE,
    ),
    of_compiler(
        "interpreter's shift logical",
        "interp_source.py",
        'return f"({_signed(names[0], width)} >> {names[1]}) & {_mask(width)}"',
        'return f"({names[0]} >> {names[1]}) & {_mask(width)}"',
        INTERPRETER,
    ),
    of_compiler(
        "credits of suppressed writes lost",
        "lib/hls_output.sv",
        "credits - take + unused +",
        "credits - take +",
        RTL,
    ),
    of_compiler(
        "a FIFO wraps a word early",
        "lib/hls_fifo.sv",
        "LAST = A'(D - 1);",
        "LAST = A'(D > 1 ? D - 2 : 0);",
        RTL,
    ),
    of_compiler(
        "an address is withdrawn before it is taken",
        "lib/hls_axi_split.sv",
        "valid <= issue | (valid & ~ready);",
        "valid <= issue;",
        RTL,
    ),
    of_compiler(
        "bursts cross 4 KiB", "lib/hls_axi_split.sv", "? 9'(to_boundary) :", "? 9'(MAX_BEATS) :", RTL
    ),
    of_compiler(
        "a burst counts too few beats", "lib/hls_axi_split.sv", "left - 32'(size);", "left - 32'(most);", RTL
    ),
    of_compiler(
        "done survives being read",
        "lib/hls_axilite.sv",
        "if (read & read_index == '0)",
        "if (read & read_index == '1)",
        RTL,
    ),
    of_compiler(
        "bus errors not latched",
        "lib/hls_axi_read.sv",
        "if (m_rvalid & m_rresp[1]) error <= 1'b1;",
        "if (m_rvalid & m_rresp[1] & m_rresp[0]) error <= 1'b0;",
        RTL,
    ),
    of_compiler(
        "start stays set",
        "lib/hls_axilite.sv",
        "        start <= auto_restart;\n        done_seen",
        "        done_seen",
        RTL,
    ),
)

SHIM_MUTATIONS = (
    _shim(
        "rounding to even forgets even", "fixed_convert.h", "half && (odd || rest)", "half && rest", HEADERS
    ),
    _shim(
        "saturation one too low",
        "fixed_convert.h",
        "(T(1) << (S ? W - 1 : W)) - 1)",
        "(T(1) << (S ? W - 1 : W)) - 2)",
        HEADERS,
    ),
    _shim(
        "a difference is unsigned",
        "int_operators.h",
        "combine<R::sum, true>",
        "combine<R::sum, R::sign>",
        HEADERS,
    ),
    _shim("a remainder keeps the divisor's width", "bits.h", "smaller(W1, W2 +", "larger(W1, W2 +", HEADERS),
    _shim(
        "native streams have no depth",
        "native_stream.h",
        "while (state.count >= state.depth)",
        "while (state.count > ~0ull - 1)",
        NATIVE,
    ),
    _shim(
        "native memories are not bounded",
        "native_memory.h",
        "if (at + width > size) {",
        "if (false) {",
        NATIVE,
    ),
)

MUTATIONS = (
    *GOLDEN_MUTATIONS,
    *KERNEL_MUTATIONS,
    *COMPILER_MUTATIONS,
    *FRONT_MUTATIONS,
    *MIDDLE_MUTATIONS,
    *BACK_MUTATIONS,
    *SHIM_MUTATIONS,
)
