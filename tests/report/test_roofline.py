# SPDX-License-Identifier: Apache-2.0
"""The roofline's numbers against arithmetic by hand."""

import copy
from typing import Any

import pytest

from edgemoe.report.roofline import drawing, roofline_of, roofline_sentences


def stage(kind: str, macs: int, moved: int, cycles: int, part: str = "backbone") -> dict[str, Any]:
    return {
        "name": kind,
        "kind": kind,
        "part": part,
        "macs": macs,
        "read_bytes": moved,
        "write_bytes": 0,
        "cycles": cycles,
    }


REPORT: dict[str, Any] = {
    "macs_per_cycle_peak": 256,
    "dram": {"ports": 2, "bits": 256},
    "task": {
        "depth": {
            "cycles": 1500,
            "backbone_cycles": 1000,
            "stages": [
                stage("linear", 100_000, 2_000, 500),
                stage("attention", 28_000, 0, 200),
                stage("layernorm", 0, 100, 100),
                stage("linear", 1, 1_000_000, 500, part="head"),
            ],
        }
    },
}


def test_roofs_and_points() -> None:
    roofline = roofline_of(REPORT)
    assert roofline is not None
    assert (roofline.peak, roofline.bandwidth) == (256, 32)
    assert roofline.roof(4) == 128 and roofline.roof(8) == roofline.roof(100) == 256
    whole, linear, attention = roofline.points
    assert whole.intensity == 128_000 / 2_100 and whole.rate == 128
    assert (linear.intensity, linear.rate) == (100_001 / 1_002_000, 100_001 / 1_000)
    assert attention.intensity == float("inf") and attention.rate == 140


def test_the_side_and_the_share_in_words() -> None:
    roofline = roofline_of(REPORT)
    assert roofline is not None
    first, backbone, edge = roofline_sentences(roofline)
    assert (
        "256 multiply-accumulates a cycle" in first
        and "32 bytes a cycle" in first
        and "8 MAC per byte" in first
    )
    assert "right of the ridge, 50.0 % of the array's roof" in backbone
    assert edge.endswith("attention.")
    slow = copy.deepcopy(REPORT)
    slow["task"]["depth"]["stages"][0]["read_bytes"] = 31_900
    roofline = roofline_of(slow)
    assert roofline is not None
    assert "left of the ridge, 100.0 % of DRAM's roof" in roofline_sentences(roofline)[1]


def test_everything_is_drawn_inside_the_frame() -> None:
    roofline = roofline_of(REPORT)
    assert roofline is not None
    plot = drawing(roofline)
    left, top, right, bottom = plot["frame"]
    places = [*plot["roof"], *((mark["x"], mark["y"]) for mark in plot["marks"])]
    assert all(left <= x <= right and top <= y <= bottom for x, y in places)
    assert sorted(number for mark in plot["marks"] for number in mark["numbers"]) == [1, 2, 3]
    assert len(plot["x_ticks"]) >= 2 and len(plot["y_ticks"]) >= 2


@pytest.mark.parametrize(
    "change",
    [
        {"dram": None},
        {"dram": {"ports": 2, "bits": 0}},
        {"macs_per_cycle_peak": None},
        {"task": {}},
        {"task": {"depth": {"cycles": 0, "backbone_cycles": 0, "stages": [stage("linear", 5, 5, 0)]}}},
        {"task": {"depth": {"stages": []}}},
    ],
)
def test_no_roofline_without_its_figures(change: dict[str, Any]) -> None:
    assert roofline_of({**REPORT, **change}) is None
