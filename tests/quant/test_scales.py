# SPDX-License-Identifier: Apache-2.0
"""Ranges by percentile and MSE, activations of 8 bits, and what a package says of them."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from floats import IMAGES, SMALL, UNSEEN, ranges_of, state_of

from edgemoe.config import TASKS
from edgemoe.errors import UserError
from edgemoe.quant.calibrate import calibrate
from edgemoe.quant.histogram import counted, edges, mse_range, percentile_range
from edgemoe.quant.profile import Runner, features_sqnr, profile, unpadded
from edgemoe.quant.quantise import make_package
from edgemoe.quant.recipe import Recipe
from edgemoe.quant.report import text
from edgemoe.quant.scales import reaches, scales_of
from edgemoe.ranges import HISTOGRAM_BINS, MARGIN

BIN = 2 ** (1 / 16)


def test_a_percentile_is_within_a_bin() -> None:
    values = np.random.default_rng(1).normal(0, 3, 100_000)
    counts = counted(values[:40_000]) + counted(values[40_000:])
    assert counts.sum() == 100_000
    for percent in (50.0, 99.0, 99.99):
        exact = np.percentile(np.abs(values), percent)
        assert exact / BIN <= percentile_range(counts, percent, np.abs(values).max()) <= exact * BIN * 1.01
    greatest = float(np.abs(values).max())
    assert percentile_range(counts, 100.0, greatest) == greatest
    assert percentile_range(np.zeros(HISTOGRAM_BINS, np.uint64), 99.0, 5.0) == 5.0


def test_zeros_and_extremes_are_counted() -> None:
    counts = counted(np.array([0.0, 1e-30, 1e30, -1.5]))
    assert counts[0] == 2 and counts[-1] == 1 and counts.sum() == 4
    at = int(np.flatnonzero(counts[1:-1])[0]) + 1
    assert edges()[at - 1] <= 1.5 < edges()[at]


def test_mse_clips_a_lone_outlier_in_8_bits_and_nothing_in_16() -> None:
    values = np.append(np.random.default_rng(1).normal(0, 1, 500_000), 10.0)
    counts, top = counted(values), 10.0
    eight = mse_range(counts, 8, top)
    assert 3.5 < eight < 8
    assert mse_range(counts, 16, top) == pytest.approx(top, rel=0.05)

    def error(limit: float) -> float:
        step = limit / 127
        return float(np.square(values - np.clip(np.round(values / step), -127, 127) * step).mean())

    assert error(eight) < 1.1 * min(error(limit) for limit in np.geomspace(1, 10, 40))


def test_percentiles_cost_what_margins_do_not() -> None:
    state, found = state_of(), ranges_of()
    figures = {
        way: features_sqnr(
            make_package(SMALL, state, found, Recipe(ranges_by=way, percentile=99.0)).package, state, UNSEEN
        )
        for way in ("minmax", "percentile")
    }
    assert figures["percentile"] < figures["minmax"] - 8
    said = make_package(SMALL, state, found, Recipe(ranges_by="percentile")).package.provenance["calibration"]
    assert (said["ranges_by"], said["percentile"], said["margin"]) == ("percentile", 99.99, 1.0)


def test_the_residual_keeps_its_greatest_value() -> None:
    low = reaches(
        SMALL, state_of(), ranges_of(), Recipe(ranges_by="percentile", percentile=60.0, bounds=False)
    )
    assert low["residual"] == pytest.approx(MARGIN * ranges_of().greatest["residual"])
    assert low["blocks.0.norm1"] < ranges_of().greatest["blocks.0.norm1"] / 2


def test_scales_of_8_bits() -> None:
    """A range is 127 steps; residual and outputs keep their bits."""
    found = ranges_of()
    scales = scales_of(SMALL, state_of(), found, Recipe(act_bits=8))
    for name, greatest in found.greatest.items():
        top, margin = (
            (131071, MARGIN) if name == "residual" else (32767, MARGIN) if name.endswith(".out") else (127, 1)
        )
        assert scales[name] == pytest.approx(greatest * margin / top, rel=1e-3), name


def test_activations_of_8_bits_run_in_the_same_lanes() -> None:
    """On the images of the calibration they stay within ±127, but for what the rounding of weights adds; on others they
    may leave it, and are not clipped."""
    state = state_of()
    package = make_package(SMALL, state, calibrate(SMALL, state, IMAGES[:1]), Recipe(act_bits=8)).package
    runner = Runner(package, taps=True)

    def most(image: np.ndarray, task: str) -> int:
        program, run = runner.programs[task], runner.finished(image, task)
        taps = [
            tap for tap in program.taps if tap.endswith((".attn.q", ".attn.k", ".norm1", "norm2", "context"))
        ]
        assert len(taps) == 5 * SMALL.layers
        return max(
            int(np.abs(unpadded(program.tap(run.output, tap), SMALL.dim, SMALL.heads)).max()) for tap in taps
        )

    assert all(100 < most(IMAGES[0], task) <= 135 for task in TASKS)
    far = np.full_like(IMAGES[0], 255)
    assert max(most(far, task) for task in TASKS) > 135
    rows = profile(package, state, [far])
    assert all(row["clipped"] == 0 for row in rows if "clipped" in row)
    assert max(row["used"] for row in rows if "used" in row) > 135 / 127
    assert "lanes of 16: a value above 100 %" in text(rows, "1 image", narrow=True)


def test_fewer_bits_are_worse_in_this_order() -> None:
    state, found = state_of(), ranges_of()
    w16a16, w8a16, w8a8 = (
        features_sqnr(make_package(SMALL, state, found, recipe).package, state, UNSEEN)
        for recipe in (Recipe(weights=(("*", 16),)), Recipe(), Recipe(act_bits=8))
    )
    assert w16a16 > w8a16 + 6 and w8a16 > w8a8 + 1 and w8a8 > 15


@pytest.mark.parametrize(("field", "value"), [("ranges_by", "entropy"), ("act_bits", 4)])
def test_recipes_that_are_none(field: str, value: object) -> None:
    with pytest.raises(UserError, match=str(value)):
        dataclasses.replace(Recipe(), **{field: value})  # type: ignore[arg-type]
