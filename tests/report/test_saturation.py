# SPDX-License-Identifier: Apache-2.0
"""The line that tells of clipped values, in words, on the page and in the terminal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from edgemoe.cosim.words import verdict
from edgemoe.report import saturation_sentence
from edgemoe.report.page import render_page


def report(*lanes: int) -> dict[str, Any]:
    """A report whose stages clipped so many values."""
    stages = [{"name": f"blocks.{i}.norm1", "layer": i, "saturated": n} for i, n in enumerate(lanes)]
    task = {"stages": stages, "cycles": 1, "backbone_cycles": 1}
    return {"bit_exact": True, "mac_utilisation": 0.5, "task": {"depth": task}}


def test_the_worst_stages_are_named_first() -> None:
    assert saturation_sentence(report(0, 7, 90, 0, 1, 3)).startswith(
        "101 values were clipped, most in depth, layer 2: norm1 (90), depth, layer 1: norm1 (7), "
        "depth, layer 5: norm1 (3) and 1 other stage: calibrate"
    )
    assert saturation_sentence(report(1)).startswith(
        "1 value was clipped, most in depth, layer 0: norm1 (1): "
    )


def test_nothing_is_said_where_nothing_was_clipped() -> None:
    assert saturation_sentence(report(0, 0)) == ""
    assert saturation_sentence({}) == "" and saturation_sentence({"task": {"depth": {"stages": [{}]}}}) == ""
    assert "clipped" not in verdict(report(0), Path("out"))


def test_terminal_and_page_say_the_same() -> None:
    said = saturation_sentence(report(2, 5))
    assert f"warning: {said}" in verdict(report(2, 5), Path("out")).splitlines()
    assert said in render_page(report(2, 5), {})
