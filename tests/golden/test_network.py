# SPDX-License-Identifier: Apache-2.0
"""Whole networks: the machine on a package's layer program against the float network on its float weights."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from edgemoe.config import MODELS, TASKS, BuildConfig, ModelConfig, board
from edgemoe.export import act_scale, export_package
from edgemoe.golden import machine
from edgemoe.golden.heads import head
from edgemoe.golden.model import forward, ranges
from edgemoe.golden.random_package import random_image, random_package, random_state
from edgemoe.package import Package
from edgemoe.program import Memory, Program, Run, build_program, pack_image, pack_weights
from edgemoe.registers import Error, Opcode

BUILD = board("sim-small")
NANO = MODELS["nano"]
# Nothing here is a multiple of 32 or 8: every padding path is taken.
ODD = ModelConfig(
    name="odd",
    height=12,
    width=20,
    patch=4,
    dim=42,
    heads=3,
    layers=3,
    dense_hidden=70,
    experts=5,
    expert_hidden=45,
    top_k=3,
    head_hidden=37,
    classes=("a", "b", "c"),
)


def run(
    package: Package, image: np.ndarray, task: str, *, build: BuildConfig = BUILD, **options: Any
) -> tuple[Program, Run]:
    """One image on the golden machine."""
    weights = pack_weights(package, build)
    program = build_program(package, build, task, weights, **options)
    memory = Memory(
        program.data,
        weights.data,
        pack_image(package.config, build, image),
        program.output_bytes,
        program.statistics_bytes,
    )
    result = machine.run(build, memory)
    assert (result.status, result.error_index) == (Error.NONE, 0xFFFFFFFF)
    return program, result


def float_and_package(
    config: ModelConfig, seed: int, bits: int
) -> tuple[dict[str, np.ndarray], Package, np.ndarray]:
    """A float model, its package (calibrated on the very image) and that image."""
    rng = np.random.default_rng(seed)
    state, image = random_state(config, rng), random_image(config, rng)
    greatest: dict[str, float] = {}
    for task in TASKS:
        for name, value in ranges(config, forward(config, state, image, task), task).items():
            greatest[name] = max(greatest.get(name, 0.0), value)
    scales = {name: act_scale(name, value, 1.1) for name, value in greatest.items()}
    return state, export_package(config, state, scales, weight_bits=bits), image


def sqnr(got: np.ndarray, exact: np.ndarray) -> float:
    """Signal to noise in dB."""
    return float(10 * np.log10((exact**2).mean() / ((got - exact) ** 2).mean()))


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("gate", ["multi", "task_embedding"])
@pytest.mark.parametrize("rule", ["softmax_all", "softmax_topk"])
@pytest.mark.parametrize("config", [NANO, ODD], ids=lambda c: c.name)
def test_integers_follow_the_float_network(config: ModelConfig, rule: str, gate: str, task: str) -> None:
    """With 16-bit weights only activations are rounded; a wrong address, scale or order costs tens of dB."""
    config = dataclasses.replace(config, score_rule=rule, gate=gate)
    state, package, image = float_and_package(config, 11, bits=16)
    exact = forward(config, state, image, task)
    program, result = run(package, image, task, taps=True)
    for layer in range(config.layers):
        block = f"blocks.{layer}"
        update = "moe.combine" if config.is_moe(layer) else "mlp.fc2"
        if config.is_moe(layer):
            choice = program.tap(result.output, f"{block}.moe.gate")[:, : config.top_k]
            same = (choice[:, :, 0] == exact[f"{block}.chosen"]).all(axis=1)
            print(f"{block}: same experts for {same.mean():.1%} of tokens")
            assert same.mean() > 0.97
            if same.all():
                assert np.abs(choice[:, :, 2] / 65536 - exact[f"{block}.score"]).max() < 0.01
        residual = program.tap(result.output, f"{block}.{update}") * package.scale("residual")
        print(f"{block}: {sqnr(residual, exact[f'{block}.out']):.1f} dB")
    assert (
        sqnr(
            program.tap(result.output, "blocks.0.mlp.fc2") * package.scale("residual"), exact["blocks.0.out"]
        )
        > 60
    )
    features = sqnr(program.features(result.output) * package.scale("residual"), exact["features"])
    outputs = sqnr(
        program.head(result.output) * package.scale(f"heads.{task}.out"), exact[f"heads.{task}.out"]
    )
    print(f"features {features:.1f} dB, head {outputs:.1f} dB")
    # A token that takes another expert than in float costs far more than rounding does.
    assert min(features, outputs) > (50 if features > 50 else 25)


def test_eight_bit_weights_cost_what_they_should() -> None:
    errors = []
    for bits in (8, 16):
        state, package, image = float_and_package(NANO, 5, bits)
        program, result = run(package, image, "depth", taps=True)
        exact = forward(NANO, state, image, "depth")["blocks.0.out"]
        errors.append(sqnr(program.tap(result.output, "blocks.0.mlp.fc2") * package.scale("residual"), exact))
    print(f"block 0: W8 {errors[0]:.1f} dB, W16 {errors[1]:.1f} dB")
    assert errors[0] > 36 and errors[1] > errors[0] + 20


@pytest.mark.parametrize("task", TASKS)
def test_head_equals_its_idea(task: str) -> None:
    """The head on the machine, tile by tile, is the head written as plain functions."""
    package = random_package(NANO, 3)
    program, result = run(package, random_image(NANO, np.random.default_rng(1)), task)
    features = program.features(result.output).astype(np.int64)
    assert (program.head(result.output) == head(features[1:], package.tensors, task)).all()


def test_more_columns_change_counts_but_no_bit() -> None:
    """Keys held at a time are the array's columns: reads of queries fall with them, the result stays."""
    package = random_package(NANO, 4)
    image = random_image(NANO, np.random.default_rng(2))
    outputs, reads = [], []
    for cols in (8, 16):
        build = dataclasses.replace(
            BUILD, cols=cols, norm_lanes=cols, bus_bits=16 * cols, weight_bus_bits=4 * cols
        )
        program, result = run(package, image, "segmentation", build=build)
        outputs.append((program.features(result.output).tolist(), program.head(result.output).tolist()))
        first = next(r for r in result.records if r.kind == Opcode.ATTENTION)
        assert (
            first.score_writes == 2 * 129 * 129 and first.exp_evaluations == first.score_writes * build.banks
        )
        assert first.key_reads == 2 * sum(n * -(-129 // n) for n in (build.cols, build.rows))
        reads.append(first.x_reads)
    assert outputs[0] == outputs[1]
    assert reads == [2 * -(-129 // p) * 129 for p in (8, 16)]


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("top_k", [1, 2, 3, 4])
@pytest.mark.parametrize("experts", [4, 8, 16])
def test_each_used_expert_is_visited_once(experts: int, top_k: int, seed: int) -> None:
    package = random_package(NANO, seed, experts=experts, top_k=top_k, layers=2)
    program, result = run(package, random_image(NANO, np.random.default_rng(seed)), "segmentation", taps=True)
    choice = program.tap(result.output, "blocks.1.moe.gate")
    valid = choice[:, :, 1] == 1
    assert valid.sum(axis=1).tolist() == [top_k] * 129
    counts = np.bincount(choice[:, :, 0][valid], minlength=experts)
    records = [r for r in result.records if r.kind == Opcode.EXPERTS]
    assert [(r.expert, r.tokens) for r in records[:-1]] == [(e, n) for e, n in enumerate(counts) if n]
    weight_bytes = program_bytes_of_an_expert()
    assert all(r.read_beats * 16 == weight_bytes for r in records[:-1])
    assert records[-1].read_beats == records[-1].mac_steps == 0


def program_bytes_of_an_expert() -> int:
    """nano: 64 -> 128 -> 64 in int8 plus 8 bytes a channel."""
    return 2 * 64 * 128 + 8 * (128 + 64)


def test_all_tokens_on_one_expert() -> None:
    package = random_package(NANO, 6, all_on_one_expert=True)
    for task in TASKS:
        _, result = run(package, random_image(NANO, np.random.default_rng(6)), task)
        experts = [(r.expert, r.tokens) for r in result.records if r.kind == Opcode.EXPERTS and r.expert < 8]
        assert experts == [(6, 129), (7, 129)] * 2


def test_threshold_leaves_tokens_without_experts() -> None:
    package = random_package(NANO, 7, threshold=0.35)
    program, result = run(package, random_image(NANO, np.random.default_rng(7)), "depth", taps=True)
    valid = program.tap(result.output, "blocks.1.moe.gate")[:, :, 1].sum(axis=1)
    print(f"tokens with 0, 1, 2 experts: {np.bincount(valid, minlength=3).tolist()}")
    assert valid.min() == 0 and valid.max() >= 1
    before = program.tap(result.output, "blocks.1.attn.proj")
    after = program.tap(result.output, "blocks.1.moe.combine")
    unchanged = (before == after).all(axis=1)
    assert unchanged[valid == 0].all() and not unchanged[valid > 0].any()


def test_threshold_of_one_drops_everything() -> None:
    package = random_package(NANO, 8, threshold=1.0)
    _, result = run(package, random_image(NANO, np.random.default_rng(8)), "depth")
    assert [r.expert for r in result.records if r.kind == Opcode.EXPERTS] == [0xFFFFFFFF] * 2


def test_a_dense_model_has_no_experts() -> None:
    package = random_package(dataclasses.replace(NANO, experts=0), 9)
    _, result = run(package, random_image(NANO, np.random.default_rng(9)), "depth")
    assert not any(r.kind in (Opcode.GATE, Opcode.EXPERTS, Opcode.COMBINE) for r in result.records)


def test_tasks_share_weights_and_differ_in_gates_and_head() -> None:
    package = random_package(NANO, 10, layers=2)
    image = random_image(NANO, np.random.default_rng(10))
    taps = {}
    for task in TASKS:
        program, result = run(package, image, task, taps=True)
        taps[task] = {name: program.tap(result.output, name) for name in program.taps}
    first, second = (taps[task] for task in TASKS)
    assert (first["blocks.1.norm2"] == second["blocks.1.norm2"]).all()
    assert (first["blocks.1.moe.gate"] != second["blocks.1.moe.gate"]).any()
