# SPDX-License-Identifier: Apache-2.0
"""Float against integer: SQNR of every tensor of the network, and how often the gates agree.

SQNR = 10 log10(sum of float^2 / sum of (float - integer * scale)^2) in dB. Both run on their own from the same
pixels, so a tensor's figure includes what was lost before it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgemoe.config import TASKS
from edgemoe.errors import UserError
from edgemoe.files import read_regular
from edgemoe.golden import machine
from edgemoe.golden.model import forward
from edgemoe.package import Package
from edgemoe.program import Workload, build_for

Pixels = NDArray[np.uint8]
State = Mapping[str, NDArray[np.float64]]
Row = dict[str, Any]


class Runner:
    """Runs a package's layer programs on the golden machine of the first build that holds them."""

    def __init__(self, package: Package, *, taps: bool) -> None:
        self.workload = Workload(package, build_for(package.config))
        self.programs = {task: self.workload.program(task, taps=taps) for task in TASKS}

    def run(self, image: Pixels, task: str) -> bytes:
        """The output region that the program of `task` leaves for an image of the model's size."""
        memory = self.workload.memory(image, self.programs[task])
        return machine.run(self.workload.build, memory).check().output


@dataclass
class _Ratio:
    """Sums of a signal-to-noise ratio."""

    signal: float = 0.0
    noise: float = 0.0
    greatest: float = 0.0

    def add(self, true: NDArray[Any], value: NDArray[Any]) -> None:
        self.signal += float(np.square(true).sum())
        error = np.abs(true - value)
        self.noise += float(np.square(error).sum())
        self.greatest = max(self.greatest, float(error.max(initial=0.0)))

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
    if ".moe." in tap and not tap.endswith("combine"):
        return None
    for end, other in ends.items():
        if end in tap:
            return tap.replace(end, other)
    return tap


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


def profile(package: Package, state: State, images: list[Pixels]) -> list[Row]:
    """Rows {task, tensor, sqnr_db, max_error} worst first, then {task, tensor, agreement} of the gates."""
    runner, config = Runner(package, taps=True), package.config
    ratios: dict[tuple[str, str], _Ratio] = {}
    agreement: dict[tuple[str, str], list[float]] = {}
    for image in images:
        for task in TASKS:
            program, output = runner.programs[task], runner.run(image, task)
            floats = forward(config, state, image, task)
            for tap in program.taps:
                name = float_name(tap)
                if name is not None:
                    value = unpadded(program.tap(output, tap), floats[name].shape[1], config.heads)
                    ratios.setdefault((task, tap), _Ratio()).add(floats[name], value * step_of(package, name))
                elif tap.endswith(".gate"):
                    block = tap.removesuffix(".moe.gate")
                    same = chosen_alike(
                        floats[f"{block}.chosen"], floats[f"{block}.score"], program.tap(output, tap)
                    )
                    agreement.setdefault((task, tap), []).append(same)
            out = f"heads.{task}.out"
            ratios.setdefault((task, out), _Ratio()).add(
                floats[out], program.head(output) * package.scale(out)
            )
    rows: list[Row] = [
        {"task": task, "tensor": tap, "sqnr_db": round(r.decibel, 2), "max_error": r.greatest}
        for (task, tap), r in sorted(ratios.items(), key=lambda item: item[1].decibel)
    ]
    return rows + [
        {"task": task, "tensor": tap, "agreement": float(np.mean(values))}
        for (task, tap), values in agreement.items()
    ]


def chosen_alike(chosen: NDArray[Any], score: NDArray[Any], slots: NDArray[Any]) -> float:
    """Share of tokens whose set of experts is the same. chosen, score (T,k) of the float model; slots (T,4,3) as
    `Tap.read` gives them: expert, valid, score."""
    same = [
        {int(e) for e, s in zip(c, p, strict=True) if s > 0} == {int(e) for e, valid, _ in slot if valid}
        for c, p, slot in zip(chosen, score, slots, strict=True)
    ]
    return float(np.mean(same))


TITLE = "SQNR of the integer model against float, worst first"


def check_is_profile(path: Path) -> None:
    """UserError unless the file is a profile.json or profile.txt."""
    data = read_regular(path, "Report", 1 << 24)
    if not data.startswith((TITLE.encode(), b'[\n {\n  "task":')):
        raise UserError(f"{path} is no profile.")


def table(rows: list[Row]) -> str:
    """The rows as text for a person."""
    lines = [TITLE, ""]
    lines += [f"{r['sqnr_db']:7.2f} dB  {r['task']:<13} {r['tensor']}" for r in rows if "sqnr_db" in r]
    lines += ["", "Tokens whose experts are the same", ""]
    lines += [
        f"{100 * r['agreement']:7.2f} %   {r['task']:<13} {r['tensor']}" for r in rows if "agreement" in r
    ]
    return "\n".join(lines) + "\n"
