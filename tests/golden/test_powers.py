# SPDX-License-Identifier: Apache-2.0
"""Packages of experts whose weights are powers of two: exact integers, and refusals of anything else."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file
from wide import WIDE

from edgemoe import package as packages
from edgemoe.errors import UserError
from edgemoe.export import export_package, scale_names
from edgemoe.golden.random_package import random_package, random_state
from edgemoe.package import Package
from edgemoe.powers import CODES, TOP, power_weights

CONFIG = WIDE["power-of-two"]
EXPERTS = list(power_weights(CONFIG))


def exported(state: dict[str, Any], **options: Any) -> Package:
    return export_package(CONFIG, state, dict.fromkeys(scale_names(CONFIG), 1e-3), **options)


def test_integers_are_the_float_weights_exactly() -> None:
    """No noise at all; of weights that don't follow the rule those that do come nearest."""
    state = random_state(CONFIG, np.random.default_rng(1))
    package = exported(state)
    assert len(EXPERTS) == 4
    for name in EXPERTS:
        held, scale = package.tensors[name], package.tensors[f"{name}_scale"]
        assert held.dtype == np.int8 and set(np.abs(held).ravel().tolist()) == set(CODES)
        np.testing.assert_array_equal(held * scale[..., None], state[name])
        assert (np.abs(held).max(axis=-1) == TOP).all()
    off = {
        **state,
        **{
            name: state[name] + 0.01 * np.cos(np.arange(state[name].size)).reshape(state[name].shape)
            for name in EXPERTS
        },
    }
    packages.check(exported(off))


def test_any_other_weight_is_refused_with_its_place(tmp_path: Path) -> None:
    package = random_package(CONFIG, 1)
    path = tmp_path / "p.safetensors"
    packages.save(package, path)
    assert packages.load(path).config == CONFIG
    name = EXPERTS[1]
    for value in (3, -65, 127, -128, 65):
        tensors = {key: tensor.copy() for key, tensor in package.tensors.items()}
        tensors[name][2, 5, 7] = value
        header = {"version": packages.VERSION, "config": CONFIG.to_dict(), "provenance": {}}
        save_file(tensors, path, {packages.FORMAT: json.dumps(header)})
        with pytest.raises(
            UserError, match=rf"{name} holds {value} at \[2, 5, 7\], one of 1 values.*power_of_two"
        ):
            packages.load(path)
    packages.check(Package(dataclasses.replace(CONFIG, expert_weights="any"), tensors))


def test_wider_weights_are_refused() -> None:
    state = random_state(CONFIG, np.random.default_rng(1))
    assert exported(state, weight_bits=16).tensors[EXPERTS[0]].dtype == np.int8  # of all that have a choice
    assert exported(state, weight_bits=16).tensors["blocks.0.attn.qkv.weight"].dtype == np.int16
    with pytest.raises(UserError, match=r"blocks\.0\.moe\.experts\.fc1: its weights are powers of two.*int8"):
        exported(state, weight_bits=lambda name: 16)
    package = random_package(CONFIG, 1)
    wide = {**package.tensors, EXPERTS[0]: package.tensors[EXPERTS[0]].astype(np.int16)}
    with pytest.raises(UserError, match=f"{EXPERTS[0]} has dtype int16, expected int8"):
        packages.check(Package(CONFIG, wide))


def test_a_bias_far_above_its_weights_is_refused_and_one_without_weights_is_not() -> None:
    state = random_state(CONFIG, np.random.default_rng(1))
    bias, weight = "blocks.1.moe.experts.fc1.bias", "blocks.1.moe.experts.fc1.weight"
    state[weight][2, 3] *= 2.0**-40
    state[bias][2, 3] = 5.0
    with pytest.raises(UserError, match=r"the bias 5 of row \[2, 3\] is too far above its weights"):
        exported(state)
    state[weight][2, 3] = 0
    packages.check(exported(state))
