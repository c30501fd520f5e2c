# SPDX-License-Identifier: Apache-2.0
"""Float against integer: SQNR of every tensor, what each stage clipped, and how often the gates agree.

SQNR = 10 log10(sum of float^2 / sum of (float - integer * scale)^2) in dB. Both run on their own from the same
pixels, so a tensor's figure includes what was lost before it. What is clipped the machine counts itself.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgemoe.config import ModelConfig
from edgemoe.golden import machine
from edgemoe.golden.model import forward
from edgemoe.numerics import ACT_BITS, RESIDUAL_BITS, SCORE_BITS, SCORE_FRACTION
from edgemoe.package import Package
from edgemoe.program import Run, Workload, build_for

Pixels = NDArray[np.uint8]
State = Mapping[str, NDArray[np.float64]]
Row = dict[str, Any]
Place = tuple[str, str]
"""Task, and a tensor or stage."""
FIXED_MOST = float(1 << (SCORE_BITS - 1 - SCORE_FRACTION))
"""Where the fixed formats end: Q.10 in 18 bits of scores, and Q.14 in 22 bits of what GELU takes."""


class Runner:
    """Runs a package's layer programs on the golden machine of the first build that holds them."""

    def __init__(self, package: Package, *, taps: bool) -> None:
        self.workload = Workload(package, build_for(package.config))
        self.programs = {task: self.workload.program(task, taps=taps) for task in package.config.tasks}

    def run(self, image: Pixels, task: str) -> bytes:
        """The output region that the program of `task` leaves for an image of the model's size."""
        return self.finished(image, task).output

    def finished(self, image: Pixels, task: str) -> Run:
        """The whole run, with its statistics."""
        memory = self.workload.memory(image, self.programs[task])
        return machine.run(self.workload.build, memory).check()

    def clipped(self, run: Run, task: str) -> Counter[str]:
        """Stage -> how many values it clipped, of the stages that did."""
        stages = self.programs[task].stages
        found: Counter[str] = Counter()
        for record in run.records:
            if record.saturated:
                found[stages[record.stage].name] += record.saturated
        return found


@dataclass
class Ratio:
    """Sums of a signal-to-noise ratio, and the greatest error."""

    signal: float = 0.0
    noise: float = 0.0
    greatest: float = 0.0

    def add(self, true: NDArray[Any], value: NDArray[Any]) -> None:
        self.signal += float(np.square(true).sum())
        error = np.abs(true - value)
        self.noise += float(np.square(error).sum())
        self.greatest = max(self.greatest, float(error.max(initial=0.0)))

    def merge(self, other: Ratio) -> None:
        """Adds that of other values."""
        self.signal += other.signal
        self.noise += other.noise
        self.greatest = max(self.greatest, other.greatest)

    @property
    def decibel(self) -> float:
        return 10 * math.log10(max(self.signal, 1e-300) / max(self.noise, 1e-300))


def float_name(tap: str) -> str | None:
    """The tensor of `golden.model.forward` that a tap is the integer of; None for one without (the gate's choice
    is counted instead)."""
    ends = {
        ".mlp.fc1": ".hidden",
        ".mlp.fc2": ".out",
        ".moe.combine": ".out",
        ".fc1": ".hidden",
        ".attn.": ".",
    }
    if tap in ("pixels", "patch_embed"):
        return {"patch_embed": "embedding"}.get(tap)
    if (".moe." in tap and not tap.endswith("combine")) or tap.endswith(".attn.router"):
        return None
    for end, other in ends.items():
        if end in tap:
            return tap.replace(end, other)
    return tap


def act_bits(package: Package) -> int:
    """Bits of a package's activations: 16 unless its calibration says 8, which live in the lanes of 16."""
    calibration = package.provenance.get("calibration")
    return 8 if isinstance(calibration, dict) and calibration.get("act_bits") == 8 else ACT_BITS


def top_of(package: Package, name: str) -> int:
    """The greatest integer that the format of a float tensor's counterpart is meant for."""
    if f"scale.{name}" not in package.tensors:
        return (1 << (RESIDUAL_BITS - 1)) - 1
    return (1 << ((ACT_BITS if name.endswith(".out") else act_bits(package)) - 1)) - 1


def step_of(package: Package, name: str) -> float:
    """The value of one integer step of a float tensor's counterpart."""
    scales = {
        key.removeprefix("scale."): float(t) for key, t in package.tensors.items() if key.startswith("scale.")
    }
    return scales.get(name, scales["residual"])


def unpadded(value: NDArray[Any], channels: int, heads: int) -> NDArray[Any]:
    """(T, channels) of a tap: the machine's memories pad each head of q, k, v and context with zeros."""
    if value.shape[1] == channels:
        return value
    return value.reshape(len(value), heads, -1)[:, :, : channels // heads].reshape(len(value), channels)


def profile(package: Package, state: State, images: Sequence[Pixels]) -> list[Row]:
    """Rows {task, tensor, sqnr_db, max_error, used, clipped} of tensors, then {task, tensor, agreement} of gates and
    routers.

    What clips most comes first, then what has the lowest SQNR. clipped: values, on all images together. used: the
    greatest magnitude as a share of its format's; above 1 only in W8A8, whose 8 bits live in lanes of 16. A stage that
    clips and has no tensor in the float model (a gate, the experts by themselves) has a row without SQNR. A row whose
    stage has a fixed format, and values of the float model beyond it, has `beyond`: what they reach.
    """
    runner, config = Runner(package, taps=True), package.config
    used: dict[tuple[str, str], float] = {}
    ratios: dict[tuple[str, str], Ratio] = {}
    agreement: dict[tuple[str, str], list[float]] = {}
    clipped: Counter[tuple[str, str]] = Counter()
    beyond: dict[tuple[str, str], float] = {}
    for image in images:
        for task in config.tasks:
            program, run = runner.programs[task], runner.finished(image, task)
            output, floats = run.output, forward(config, state, image, task)
            for tap in program.taps:
                name = float_name(tap)
                if name is not None:
                    value = unpadded(program.tap(output, tap), floats[name].shape[1], config.heads)
                    share = float(np.abs(value).max(initial=0)) / top_of(package, name)
                    used[task, tap] = max(used.get((task, tap), 0.0), share)
                    ratios.setdefault((task, tap), Ratio()).add(floats[name], value * step_of(package, name))
                elif tap.endswith((".moe.gate", ".attn.router")):
                    same = chosen_alike(*choices(floats, tap), program.tap(output, tap))
                    agreement.setdefault((task, tap), []).append(same)
            out = f"heads.{task}.out"
            if out in floats:
                value = program.head(output)
                share = float(np.abs(value).max(initial=0)) / top_of(package, out)
                used[task, out] = max(used.get((task, out), 0.0), share)
                ratios.setdefault((task, out), Ratio()).add(floats[out], value * package.scale(out))
            for stage, values in runner.clipped(run, task).items():
                row = (task, out if stage in (f"heads.{task}.fc", f"heads.{task}.fc2") else stage)
                clipped[row] += values
                reached = fixed_reach(config, floats, stage)
                if reached > beyond.get(row, FIXED_MOST):
                    beyond[row] = reached
    return _tensor_rows(ratios, used, clipped, beyond) + [
        {"task": task, "tensor": tap, "agreement": float(np.mean(values))}
        for (task, tap), values in agreement.items()
    ]


def _tensor_rows(
    ratios: Mapping[Place, Ratio],
    used: Mapping[Place, float],
    clipped: Mapping[Place, int],
    beyond: Mapping[Place, float],
) -> list[Row]:
    """One row a tensor or stage, worst first."""
    rows: list[Row] = []
    for place in dict.fromkeys((*ratios, *clipped)):
        row: Row = {"task": place[0], "tensor": place[1]}
        if place in ratios:
            row |= {"sqnr_db": round(ratios[place].decibel, 2), "max_error": ratios[place].greatest}
            row["used"] = round(used[place], 4)
        row["clipped"] = clipped.get(place, 0)
        if place in beyond:
            row["beyond"] = beyond[place]
        rows.append(row)
    return sorted(rows, key=lambda row: (-row["clipped"], row.get("sqnr_db", math.inf)))


def features(runner: Runner, state: State, image: Pixels, task: str) -> tuple[Ratio, Counter[str]]:
    """Float against integer of the backbone's output alone, and what each stage clipped."""
    run, package, ratio = runner.finished(image, task), runner.workload.package, Ratio()
    value = runner.programs[task].features(run.output) * package.scale("residual")
    ratio.add(forward(package.config, state, image, task)["features"], value)
    return ratio, runner.clipped(run, task)


def features_sqnr(package: Package, state: State, images: Sequence[Pixels]) -> float:
    """Of the features of all images and both tasks together, in dB."""
    runner, total = Runner(package, taps=False), Ratio()
    for image in images:
        for task in package.config.tasks:
            total.merge(features(runner, state, image, task)[0])
    return total.decibel


def fixed_reach(config: ModelConfig, floats: Mapping[str, NDArray[Any]], stage: str) -> float:
    """What the float model reaches of a stage's values whose format is fixed and ends at `FIXED_MOST`: the scores of
    attention in log2, and what GELU takes. 0 of a stage whose formats all have scales from calibration.
    """
    if stage.endswith(".attn.context"):
        block = stage.removesuffix(".attn.context")
        q, k = (
            floats[f"{block}.{name}"].reshape(config.tokens, config.heads, -1).swapaxes(0, 1)
            for name in ("q", "k")
        )
        scores = q @ k.swapaxes(1, 2) * (math.log2(math.e) / math.sqrt(config.head_dim))
        return float(np.abs(scores).max())
    hidden = stage.replace(".moe.experts", ".hidden") if ".moe.experts" in stage else float_name(stage)
    if hidden is not None and hidden.endswith(".hidden"):  # GELU leaves large values as they are
        return float(floats[hidden].max(initial=0.0))
    return 0.0


def choices(floats: Mapping[str, NDArray[Any]], tap: str) -> tuple[NDArray[Any], NDArray[Any]]:
    """Chosen experts or heads of the float model, and their scores, of the tap of a gate or a router."""
    block, kind = tap.rsplit(".", 2)[0], "heads_" if tap.endswith(".router") else ""
    return floats[f"{block}.{kind}chosen"], floats[f"{block}.{kind}score"]


def chosen_alike(chosen: NDArray[Any], score: NDArray[Any], slots: NDArray[Any]) -> float:
    """Share of tokens whose set of experts, or heads, is the same.

    chosen, score (T,k) of the float model; slots (T,4,3) as `Tap.read` gives them: expert, valid, score.
    """
    same = [
        {int(e) for e, s in zip(c, p, strict=True) if s > 0} == {int(e) for e, valid, _ in slot if valid}
        for c, p, slot in zip(chosen, score, slots, strict=True)
    ]
    return float(np.mean(same))
