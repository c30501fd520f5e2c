# SPDX-License-Identifier: Apache-2.0
"""How near the integers come to float on a network of full size: the figures of docs/reference/arithmetic.md."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from edgemoe.config import board, model_preset
from edgemoe.golden import machine
from edgemoe.golden.model import forward
from edgemoe.golden.random_package import random_image
from edgemoe.model.m3vit import M3ViT
from edgemoe.program import Workload
from edgemoe.quant.calibrate import calibrate
from edgemoe.quant.profile import float_name
from edgemoe.quant.quantise import float_state, make_package
from edgemoe.quant.recipe import Recipe

TINY = model_preset("tiny")
BUILD = board("zcu102")
CALIBRATION_IMAGES = 8
TASK = "segmentation"
RECORD = Path(__file__).resolve().parents[2] / "docs" / "pictures" / "sqnr.json"


def residuals(layers: int, recipe: Recipe, *, black: bool = False) -> Iterator[tuple[str, float]]:
    """Name and SQNR of the residual after each block of a `tiny` of random weights, on an image of its own, or on a
    black one."""
    config = dataclasses.replace(TINY, layers=layers)
    torch.manual_seed(1)
    state = float_state(M3ViT(config).eval())
    rng = np.random.default_rng(1)
    ranges = calibrate(config, state, [random_image(config, rng) for _ in range(CALIBRATION_IMAGES)])
    image = np.zeros((config.height, config.width, 3), np.uint8) if black else random_image(config, rng)
    package = make_package(config, state, ranges, recipe).package
    workload = Workload(package, BUILD)
    program = workload.program(TASK, taps=True)
    run = machine.run(BUILD, workload.memory(image, program)).check()
    assert black or sum(record.saturated for record in run.records) == 0
    exact = forward(config, state, image, TASK)
    for tap in program.taps:
        name = float_name(tap)
        if name is not None and name.endswith((".proj", ".out", "embedding")):
            noise = exact[name] - program.tap(run.output, tap) * package.scale("residual")
            decibel = float(10 * np.log10(np.square(exact[name]).sum() / np.square(noise).sum()))
            print(f"{tap}: {decibel:.1f} dB")
            yield name, decibel


def measured() -> list[dict[str, Any]]:
    """The rows of the page's table; `least` is what may not be fallen below, in dB."""
    deep = dict(residuals(12, Recipe(weights=(("*", 16),), bias_correction=False)))
    blocks = [value for name, value in deep.items() if name.startswith(("blocks.0.", "blocks.1."))]
    found = [
        ("int16", "of 12 layers, worst block of the first two", min(blocks), 67),
        ("int16", "of 12 layers, the last", deep["blocks.11.out"], 55),
    ]
    for corrected in (False, True):
        weights = "int8, patch embedding int16" + (", bias correction" if corrected else "")
        recipe = Recipe(bias_correction=corrected)
        default, black = dict(residuals(1, recipe)), dict(residuals(1, recipe, black=True))
        found += [
            (weights, "of 1 layer, after attention", default["blocks.0.proj"], 47),
            (weights, "of 1 layer, the last", default["blocks.0.out"], 47),
            (weights, "of 1 layer, the last, a black image", black["blocks.0.out"], None),
        ]
    for corrected in (False, True):
        weights = "int8, patch embedding too" + (", bias correction" if corrected else "")
        recipe = Recipe(bias_correction=corrected, weights=(("*", 8),))
        narrow, black = dict(residuals(1, recipe)), dict(residuals(1, recipe, black=True))
        found += [
            (weights, "of 1 layer, the last", narrow["blocks.0.out"], None),
            (weights, "of 1 layer, the last, a black image", black["blocks.0.out"], None),
        ]
    return [{"weights": w, "residual": r, "db": round(db, 1), "least": least} for w, r, db, least in found]


@pytest.mark.slow
def test_the_table_is_what_is_measured_and_good_enough() -> None:
    rows, record = measured(), json.loads(RECORD.read_text())
    assert [row | {"db": 0} for row in rows] == [row | {"db": 0} for row in record]
    for row, recorded in zip(rows, record, strict=True):
        assert row["db"] == pytest.approx(recorded["db"], abs=0.3), (
            "run this file as a program, then `make tables`"
        )
        assert row["db"] >= (row["least"] or 0)


if __name__ == "__main__":
    RECORD.write_text(json.dumps(measured(), indent=1) + "\n")
