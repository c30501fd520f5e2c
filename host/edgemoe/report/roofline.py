# SPDX-License-Identifier: Apache-2.0
"""The roofline: what the array and DRAM would allow, and where this run lies.

Across: operational intensity, multiply-accumulates per byte moved to or from DRAM. Up: multiply-accumulates
per cycle. Both axes are logarithmic. The roof is min(peak of the array, DRAM's bytes per cycle * intensity).
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from edgemoe.report.cycles import backbone
from edgemoe.report.words import count, listed, printable, shown, tasks_of

WIDTH, HEIGHT = 400, 300
LEFT, RIGHT, TOP, BOTTOM = 46, 12, 26, 44
"""Pixels of the drawing and of its margins."""


@dataclass(frozen=True)
class Point:
    """Some stages taken together: their work, traffic and time."""

    name: str
    macs: float
    bytes: float
    cycles: float
    large: bool = False

    @property
    def intensity(self) -> float:
        """MAC per byte; infinite where nothing moved."""
        return self.macs / self.bytes if self.bytes else math.inf

    @property
    def rate(self) -> float:
        """MAC per cycle."""
        return self.macs / self.cycles


@dataclass(frozen=True)
class Roofline:
    """peak: MAC per cycle of the array; bandwidth: bytes per cycle of DRAM."""

    peak: float
    bandwidth: float
    points: list[Point]

    def roof(self, intensity: float) -> float:
        """MAC per cycle that is possible at this intensity."""
        return min(self.peak, self.bandwidth * intensity)


def point_of(name: str, stages: Iterable[Mapping[str, Any]], cycles: float = 0, large: bool = False) -> Point:
    """The stages' sums; `cycles`, where given, stands for the sum of theirs."""
    chosen = list(stages)
    macs, moved, spent = (
        sum(count(stage.get(key)) for stage in chosen for key in keys)
        for keys in (("macs",), ("read_bytes", "write_bytes"), ("cycles",))
    )
    return Point(name, macs, moved, cycles or spent, large)


def roofline_of(report: Mapping[str, Any]) -> Roofline | None:
    """The roofs of report.json and its points: each task's backbone, and each kind of stage over all tasks.

    None where the array's peak, DRAM's ports or the stages' figures are missing.
    """
    dram = report.get("dram") or {}
    peak, width = count(report.get("macs_per_cycle_peak")), count(dram.get("bits"))
    tasks = tasks_of(report)
    points = [
        point_of(
            f"{printable(name)}, backbone", backbone(task), count(task.get("backbone_cycles")), large=True
        )
        for name, task in tasks.items()
    ]
    stages = [stage for task in tasks.values() for stage in task.get("stages") or []]
    kinds = dict.fromkeys(str(stage["kind"]) for stage in stages if stage.get("kind"))
    points += [
        point_of(printable(kind), [stage for stage in stages if stage.get("kind") == kind]) for kind in kinds
    ]
    points = [point for point in points if point.macs and point.cycles]
    if not peak or not width or not any(point.large for point in points):
        return None
    return Roofline(peak, width / 8, points)


def roofline_sentences(roofline: Roofline) -> list[str]:
    """On which side of the ridge each backbone lies, and what share of its roof it reaches."""
    ridge = roofline.peak / roofline.bandwidth
    sentences = [
        f"The array can do {shown(roofline.peak)} multiply-accumulates a cycle, DRAM's ports can move "
        f"{shown(roofline.bandwidth)} bytes a cycle; the roofs meet at {ridge:.3g} MAC per byte."
    ]
    for point in roofline.points:
        if not point.large:
            continue
        share = 100 * point.rate / roofline.roof(point.intensity)
        side, roof = ("left", "DRAM's") if point.intensity < ridge else ("right", "the array's")
        at = f"{point.intensity:.3g} MAC per byte" if point.bytes else "no DRAM traffic"
        sentences.append(
            f"{point.name.capitalize()}: {at} and {point.rate:.3g} MAC per cycle, to the {side} of the ridge, "
            f"{share:.1f} % of {roof} roof."
        )
    nothing = [point.name for point in roofline.points if not point.bytes]
    if nothing:
        sentences.append(f"At the right edge, without DRAM traffic: {listed(nothing)}.")
    return sentences


def drawing(roofline: Roofline) -> dict[str, Any]:
    """Where everything is in the picture, in its pixels: axes, roof, and the points with their labels."""
    finite = [point.intensity for point in roofline.points if point.bytes]
    ridge = roofline.peak / roofline.bandwidth
    low = 10 ** math.floor(math.log10(min([*finite, ridge]) / 2))
    high = 10 ** math.ceil(math.log10(max([*finite, ridge]) * 2))
    slowest = min(roofline.peak / 10, *(point.rate / 1.2 for point in roofline.points))
    bottom = 10 ** math.floor(math.log10(slowest))
    top = max(roofline.peak, *(point.rate for point in roofline.points)) * 1.6

    def across(value: float) -> float:
        share = math.log(min(value, high) / low) / math.log(high / low)
        return round(LEFT + share * (WIDTH - LEFT - RIGHT), 1)

    def up(value: float) -> float:
        share = math.log(max(value, bottom) / bottom) / math.log(top / bottom)
        return round(HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM), 1)

    start = max(low, bottom / roofline.bandwidth)
    marks: list[dict[str, Any]] = []
    for number, point in enumerate(roofline.points, 1):
        x, y = across(point.intensity), up(point.rate)
        for mark in marks:
            # Marks that would cover each other are one mark with both numbers.
            if mark["large"] == point.large and math.hypot(mark["x"] - x, mark["y"] - y) < 14:
                mark["numbers"].append(number)
                break
        else:
            marks.append({"numbers": [number], "x": x, "y": y, "large": point.large})
    table = [
        (number, point, f"{100 * point.rate / roofline.roof(point.intensity):.1f}")
        for number, point in enumerate(roofline.points, 1)
    ]
    return {
        "width": WIDTH,
        "height": HEIGHT,
        "frame": (LEFT, TOP, WIDTH - RIGHT, HEIGHT - BOTTOM),
        "x_ticks": [(across(tick), f"{tick:g}") for tick in _decades(low, high)],
        "y_ticks": [(up(tick), f"{tick:g}") for tick in _decades(bottom, top)],
        "ridge": (across(ridge), up(roofline.peak)),
        "roof": [
            (across(start), up(roofline.roof(start))),
            (across(ridge), up(roofline.peak)),
            (across(high), up(roofline.peak)),
        ],
        "roof_labels": {"peak": shown(roofline.peak), "bandwidth": shown(roofline.bandwidth)},
        "marks": marks,
        "table": table,
    }


def _decades(low: float, high: float) -> list[float]:
    """Powers of ten in [low, high]."""
    first, last = math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9)
    return [10.0**power for power in range(first, last + 1)]
