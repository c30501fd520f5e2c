# SPDX-License-Identifier: Apache-2.0
"""Where random values never come: ties of the gate, scores at the threshold, both ends of every saturation."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgemoe import csim
from edgemoe.config import board
from edgemoe.golden import machine
from edgemoe.numerics import RESIDUAL_BITS, gelu
from edgemoe.program import Memory
from edgemoe.program.packing import pack_linear
from edgemoe.registers import Descriptor, Epilogue, Format, Opcode, Rule, Space, pack_program

BUILD = board("sim-small")
TOKENS, EXPERTS = 6, 11


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("csim")


def gate_only(bias: np.ndarray, top_k: int, rule: Rule, threshold: int) -> Memory:
    """Logits that are the bias alone, a gate, its choices."""
    zero = np.zeros((EXPERTS, 32), dtype=np.int16)
    weights = pack_linear(BUILD, zero, bias, np.zeros(EXPERTS, int), np.ones(EXPERTS, int))
    tile = 8 * 32  # of int8 weights, which the experts read as zeros
    expert_bytes = 4 * (tile + 64) + 4 * (tile + 64)
    weights += bytes(expert_bytes)
    strides = {"tokens": TOKENS, "src_stride": TOKENS, "dst_stride": TOKENS, "aux_stride": TOKENS}
    gate = {"heads": EXPERTS, "group": top_k, "rule": rule, "threshold": threshold}
    experts = {"heads": EXPERTS, "offset": len(weights) - expert_bytes, "aux_base": 100}
    program = [
        Descriptor(opcode=Opcode.LOAD, space=Space.ACT, size=TOKENS),
        Descriptor(
            opcode=Opcode.LINEAR, epilogue=Epilogue.RAW, weight_bits=16, k_tiles=1, n_tiles=2, **strides
        ),
        Descriptor(opcode=Opcode.GATE, mult0=1 << 15, shift0=15, **strides, **gate),
        Descriptor(opcode=Opcode.STORE, space=Space.CHOICE, size=TOKENS),
        Descriptor(
            opcode=Opcode.EXPERTS, weight_bits=8, k_tiles=1, n_tiles=4, shift0=1, **strides, **experts
        ),
        Descriptor(opcode=Opcode.END),
    ]
    return Memory(pack_program(program), weights, bytes(64), 16 * TOKENS, 64 * 32)


@pytest.mark.parametrize("rule", list(Rule))
@pytest.mark.parametrize("top_k", [1, 2, 3, 4])
@pytest.mark.parametrize(
    "bias",
    [
        [0] * 11,
        [5, 9, 9, 9, 1, 9, 9, 0, 9, 9, 9],
        [-7, -7, -9, -7, -9, -7, -7, -7, -7, -7, -7],
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9],
        [1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 1],
    ],
)
def test_ties_go_to_the_lower_expert(bias: list[int], top_k: int, rule: Rule, work: Path) -> None:
    memory = gate_only(np.array(bias), top_k, rule, 0)
    native, golden = csim.run(BUILD, memory, work=work), machine.run(BUILD, memory)
    chosen = np.frombuffer(native.output, "<u4").reshape(TOKENS, 4)[:, :top_k] & 0xFF
    expected = sorted(range(EXPERTS), key=lambda e: (-bias[e], e))[:top_k]
    assert chosen.tolist() == [expected] * TOKENS
    assert native.output == golden.output


def test_a_score_equal_to_the_threshold_stays(work: Path) -> None:
    bias = np.arange(EXPERTS) * 300
    scores = (
        np.frombuffer(machine.run(BUILD, gate_only(bias, 3, Rule.SOFTMAX_ALL, 0)).output, "<u4")[:3] >> 16
    )
    for offset, kept in ((0, 2), (1, 1)):
        memory = gate_only(bias, 3, Rule.SOFTMAX_ALL, int(scores[1]) + offset)
        native = csim.run(BUILD, memory, work=work)
        assert native.output == machine.run(BUILD, memory).output
        assert (np.frombuffer(native.output, "<u4")[:3] >> 8 & 1).sum() == kept


def clipped_lanes(epilogue: Epilogue, bias: np.ndarray, shift: int) -> int:
    """How many of the lanes of `test_saturation_at_both_ends` leave their format, reckoned one by one."""

    def outside(x: int, bits: int) -> bool:
        return not -(1 << (bits - 1)) <= x < 1 << (bits - 1)

    count = 0
    for lane, value in enumerate(bias.tolist()):
        y = (2 * value * 65535 // 2**shift + 1) // 2
        if epilogue == Epilogue.GELU:
            h = max(-(1 << 21), min(y, (1 << 21) - 1))
            scaled = (2 * int(gelu(np.array(h))) * 40000 // 2**22 + 1) // 2
            count += outside(y, 22) or outside(scaled, 16)
        elif epilogue == Epilogue.RESIDUAL:
            update = max(-(1 << 23), min(y, (1 << 23) - 1))
            end = 1 << (RESIDUAL_BITS - 1)
            x = [-end, end - 1, 0, -1][lane % 4]
            count += outside(y, 24) or outside(x + update, RESIDUAL_BITS)
        else:
            count += outside(y, 16)
    return TOKENS * count


EXTREMES = [-(2**39), 2**39 - 1, -(2**30), 2**30, -(2**23), 2**23 - 1, 2**23, -1]


@pytest.mark.parametrize("shift", [0, 1, 12, 20, 25, 30, 40, 62, 63])
@pytest.mark.parametrize("epilogue", [Epilogue.REQUANT, Epilogue.GELU, Epilogue.RESIDUAL, Epilogue.DRAM])
def test_saturation_at_both_ends(epilogue: Epilogue, shift: int, work: Path) -> None:
    """Sums from the smallest to the largest bias, onto a residual at both ends of its width: every clipped lane is
    counted alike."""
    bias = np.array(EXTREMES)
    zero = np.zeros((8, 32), dtype=np.int8)
    end = 1 << (RESIDUAL_BITS - 1)
    act = np.resize([-32768, 32767, 0, -1], (TOKENS, 32)).astype("<i2").tobytes()
    residual = np.resize([-end, end - 1, 0, -1], (TOKENS, 32)).astype("<i4").tobytes()
    weights = pack_linear(BUILD, zero, bias, np.full(8, 65535), np.full(8, shift))
    strides = {"tokens": TOKENS, "src_stride": TOKENS, "dst_stride": TOKENS, "dst_base": 64}
    scale = {"mult0": 40000, "shift0": 22}
    words = {"dst_base": 64, "size": TOKENS}
    program = [
        Descriptor(opcode=Opcode.LOAD, space=Space.ACT, size=TOKENS),
        Descriptor(
            opcode=Opcode.LOAD,
            space=Space.ACT,
            format=Format.I16,
            offset=len(weights) + len(residual),
            **words,
        ),
        Descriptor(opcode=Opcode.LOAD, space=Space.RESIDUAL, format=Format.I32, offset=len(weights), **words),
        Descriptor(
            opcode=Opcode.LINEAR, epilogue=epilogue, weight_bits=8, k_tiles=1, n_tiles=1, **scale, **strides
        ),
        Descriptor(opcode=Opcode.STORE, space=Space.ACT, src_base=64, size=TOKENS, offset=4096),
        Descriptor(opcode=Opcode.STORE, space=Space.RESIDUAL, src_base=64, size=TOKENS, offset=8192),
        Descriptor(opcode=Opcode.END),
    ]
    memory = Memory(pack_program(program), weights + residual + act, bytes(64), 1 << 14, 1 << 12)
    native, golden = csim.run(BUILD, memory, work=work), machine.run(BUILD, memory)
    assert native.status == golden.status == 0 and native.output == golden.output
    assert [r.counts() for r in native.records] == [r.counts() for r in golden.records]
    assert golden.records[3].saturated == clipped_lanes(epilogue, bias, shift)
