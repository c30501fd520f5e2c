# SPDX-License-Identifier: Apache-2.0
"""Packing of weights and images, layer programs, and refusals of what doesn't fit."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from edgemoe.config import MODELS, TASKS, ModelConfig, board, model_preset
from edgemoe.errors import UserError
from edgemoe.golden.random_package import random_package
from edgemoe.golden.verdict import check_program
from edgemoe.program import Memory, build_for, build_program, check_fits, pack_image, pack_weights
from edgemoe.program.fits import layout
from edgemoe.program.packing import from_planes, pack_linear, pack_records, to_planes
from edgemoe.registers import Descriptor, Error

BUILD = board("sim-small")
NANO = MODELS["nano"]


def test_records_put_fields_where_the_page_says() -> None:
    data = pack_records(np.array([-1, 5]), np.array([0xABCD, -2]), np.array([62, 1]))
    low, high = (int.from_bytes(data[i : i + 8], "little") for i in (0, 8))
    assert low == (1 << 40) - 1 | 0xABCD << 40 | 62 << 56
    assert high == 5 | 0xFFFE << 40 | 1 << 56


@pytest.mark.parametrize("kind", [np.int8, np.int16])
@pytest.mark.parametrize(("outputs", "inputs"), [(8, 32), (9, 33), (24, 96), (1, 1)])
def test_tiles_have_the_order_of_the_page(outputs: int, inputs: int, kind: type) -> None:
    """Byte by byte: n tiles, then k tiles, records before the first, columns, rows."""
    rng = np.random.default_rng(outputs)
    limit = np.iinfo(kind).max
    weight = rng.integers(-limit, limit + 1, (outputs, inputs)).astype(kind)
    bias, m, s = (
        rng.integers(-(2**39), 2**39, outputs),
        rng.integers(0, 65536, outputs),
        rng.integers(1, 63, outputs),
    )
    data = pack_linear(BUILD, weight, bias, m, s)
    at = 0
    for n in range(-(-outputs // 8)):
        for k in range(-(-inputs // 32)):
            if k == 0:
                for j in range(8):
                    record = int.from_bytes(data[at : at + 8], "little")
                    o = 8 * n + j
                    expected = (
                        (int(bias[o]) % 2**40 | int(m[o]) << 40 | int(s[o]) << 56) if o < outputs else 1 << 56
                    )
                    assert record == expected
                    at += 8
            for j in range(8):
                for r in range(32):
                    size = weight.itemsize
                    value = int.from_bytes(data[at : at + size], "little", signed=True)
                    o, i = 8 * n + j, 32 * k + r
                    assert value == (weight[o, i] if o < outputs and i < inputs else 0)
                    at += size
    assert at == len(data)


def test_planes_and_back() -> None:
    values = np.arange(5 * 70).reshape(5, 70)
    words = to_planes(values, 32)
    assert (
        words.shape == (3 * 5, 32)
        and (words[5 + 2, :3] == values[2, 32:35]).all()
        and not words[10:, 6:].any()
    )
    assert (from_planes(words, 5, 70, 32) == values).all()


def test_image_rows_are_channel_y_x() -> None:
    config = dataclasses.replace(NANO, height=16, width=16)
    image = np.arange(16 * 16 * 3).reshape(16, 16, 3).astype(np.uint8)
    words = np.frombuffer(pack_image(config, BUILD, image), np.uint8).reshape(6, 4, 32)
    for token in range(4):
        y0, x0 = 8 * (token // 2), 8 * (token % 2)
        for i in range(192):
            c, y, x = i // 64, i % 64 // 8, i % 8
            assert words[i // 32, token, i % 32] == image[y0 + y, x0 + x, c]


def test_images_of_another_size_are_refused() -> None:
    with pytest.raises(UserError, match=r"takes uint8 images \(64, 128, 3\), not uint8 \(64, 64, 3\)"):
        pack_image(NANO, BUILD, np.zeros((64, 64, 3), np.uint8))


@pytest.mark.parametrize("taps", [False, True])
@pytest.mark.parametrize("task", TASKS)
def test_programs_pass_the_checks_with_exact_sizes(task: str, taps: bool) -> None:
    package = random_package(NANO, 1)
    weights = pack_weights(package, BUILD)
    program = build_program(package, BUILD, task, weights, taps=taps)
    memory = Memory(
        program.data,
        weights.data,
        bytes(NANO.height * NANO.width * 3),
        program.output_bytes,
        program.statistics_bytes,
    )
    assert check_program(BUILD, program.data, memory.sizes()).error == Error.NONE
    for field in ("output_bytes", "statistics_bytes"):
        short = dataclasses.replace(memory, **{field: getattr(memory, field) - 1})
        assert check_program(BUILD, program.data, short.sizes()).error in (Error.DRAM, Error.STATISTICS)
    for index, stage in enumerate(program.stages):
        assert Descriptor.unpack(program.data[64 * (index + 1) :]).stage == index, stage.name


def test_stages_name_layers_and_count_useful_macs() -> None:
    package = random_package(NANO, 1)
    program = build_program(package, BUILD, "depth", pack_weights(package, BUILD))
    macs = {stage.name: stage.macs for stage in program.stages}
    assert macs["patch_embed"] == 128 * 192 * 64 and macs["blocks.0.attn.q"] == 129 * 64 * 64
    assert macs["blocks.2.attn.context"] == 2 * 129 * 129 * 64 and macs["blocks.0.mlp.fc1"] == 129 * 64 * 256
    assert macs["blocks.1.moe.experts"] == 2 * 64 * 128 and macs["blocks.3.moe.gate.logits"] == 129 * 64 * 8
    layers = {stage.layer for stage in program.stages}
    assert layers == {None, 0, 1, 2, 3}
    assert {stage.part for stage in program.stages} == {"backbone", "head"}
    assert [stage.name for stage in program.stages if stage.part == "head"] == [
        "heads.depth.norm",
        "heads.depth.fc1",
        "heads.depth.fc2",
    ]


def test_the_task_changes_the_program_alone() -> None:
    package = random_package(NANO, 1)
    weights = pack_weights(package, BUILD)
    first, second = (build_program(package, BUILD, task, weights) for task in TASKS)
    assert first.data != second.data and len(first.data) == len(second.data)


def with_fields(**fields: int) -> ModelConfig:
    return dataclasses.replace(NANO, **fields)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (MODELS["tiny"], "Model 'tiny' does not fit board 'sim-small': head_dim 64 > 32"),
        (with_fields(height=128), "tokens 257 > 160"),
        (with_fields(experts=17), "experts 17 > 16"),
        (with_fields(top_k=5), "top_k 5 > 4"),
        (with_fields(dim=68, heads=17, height=16, width=16, top_heads=2), "heads to choose from 17 > 16"),
        (with_fields(dim=48, heads=6, height=24, top_heads=5), "top_heads 5 > 4"),
        (with_fields(dense_hidden=1056), "dense_hidden 1056 > 1024"),
        (with_fields(dense_hidden=480), "words of act 2193 > 2048"),
        (with_fields(dim=128, heads=4), "words of keys 1032 > 1024"),
        (with_fields(patch=16, height=64, width=64, head_hidden=64), "segmentation head 1792 > 1024"),
    ],
)
def test_models_that_do_not_fit(config: ModelConfig, message: str) -> None:
    with pytest.raises(UserError, match=message):
        check_fits(config, BUILD)


def test_a_model_runs_on_the_first_board_that_holds_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Unless one is named, which must hold it."""
    large = dataclasses.replace(board("zcu102"), name="large", max_experts=16)
    huge = dataclasses.replace(large, name="huge", clock_mhz=100.0)
    boards = {build.name: build for build in (BUILD, large, huge)}
    monkeypatch.setattr("edgemoe.program.fits.BOARDS", boards)
    monkeypatch.setattr("edgemoe.config.boards.BOARDS", boards)
    tiny = MODELS["tiny"]
    assert build_for(NANO) is BUILD and build_for(tiny) is large
    assert build_for(NANO, "huge") is huge and build_for(tiny, "huge") is huge
    with pytest.raises(UserError, match="Model 'tiny' does not fit board 'sim-small': head_dim 64 > 32"):
        build_for(tiny, "sim-small")
    with pytest.raises(UserError, match="No board is named 'none'"):
        build_for(NANO, "none")
    said = r"fits no board \(sim-small: experts 17 > 16; large: experts 17 > 16; huge: experts 17 > 16\)"
    with pytest.raises(UserError, match=said):
        build_for(with_fields(experts=17))


def test_zcu102_deep_is_for_vit_small_14() -> None:
    """It is the only board that holds it, and takes the last word of two memories; no other model is given to it."""
    small, deep = model_preset("vit-small-14"), board("zcu102-deep")
    words = layout(small, deep)
    assert (words.act_words, words.residual_words) == (deep.act_depth, deep.residual_depth)
    assert deep.key_depth // 2 < words.key_words <= deep.key_depth
    assert deep.rows * (deep.max_k_tiles - 1) < small.dense_hidden <= deep.rows * deep.max_k_tiles
    assert build_for(small) is deep
    assert {build_for(model_preset(name)).name for name in (*MODELS, "deit-tiny")} == {"sim-small", "zcu102"}
    with pytest.raises(
        UserError, match="Model 'vit-small-14' does not fit board 'zcu102': dense_hidden 1536"
    ):
        build_for(small, "zcu102")


def test_unknown_task() -> None:
    package = random_package(NANO, 1)
    weights = pack_weights(package, BUILD)
    with pytest.raises(UserError, match="Model 'nano' has no task 'normals'; it has segmentation, depth"):
        build_program(package, BUILD, "normals", weights)


def test_model_presets() -> None:
    assert (NANO.tokens, NANO.head_dim, MODELS["tiny"].tokens) == (129, 32, 129)
    deit = model_preset("deit-tiny")
    assert (deit.tokens, deit.head_rows, deit.head_outputs("classification")) == (197, 1, 1000)
    assert 5_500_000 < deit.weights < 5_800_000  # 5.7 M parameters, Touvron et al. 2021
    small = model_preset("vit-small-14")
    assert (small.tokens, small.head_dim, small.patch_inputs) == (257, 64, 588)
    assert 21_500_000 < small.weights < 22_000_000  # 21 M in Oquab et al. 2023, and a head of 1,000 classes
    with pytest.raises(UserError, match="No model preset is named 'huge'; there are nano, tiny"):
        model_preset("huge")


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"height": 60}, "height 60 is not a multiple of patch 8"),
        ({"heads": 3}, "dim 64 is not a multiple of heads 3"),
        ({"top_k": 9}, r"top_k 9 must lie in 1\.\.8"),
        ({"gate": "none"}, "gate 'none' must be one of multi, task_embedding"),
        ({"score_rule": "max"}, "score_rule 'max' must be one of"),
        ({"threshold": 1.5}, "threshold 1.5 must lie in"),
        ({"layers": 0}, "layers 0 must be at least 1"),
        ({"depth_range": (5.0, 5.0)}, "must satisfy"),
        ({"classes": ()}, "classes is empty"),
    ],
)
def test_impossible_models_are_refused(fields: dict[str, object], message: str) -> None:
    with pytest.raises(UserError, match=message):
        dataclasses.replace(NANO, **fields)  # type: ignore[arg-type]
