# SPDX-License-Identifier: Apache-2.0
"""Multiply-adds as instances of ``lib/hls_mul_add.sv``; `cascades` says when each takes what."""

from __future__ import annotations

from collections.abc import Callable

from edgemoe.compiler.backend.cascades import KEPT
from edgemoe.compiler.backend.expressions import extend
from edgemoe.compiler.backend.plan import RegionPlan
from edgemoe.compiler.backend.text import Names, span
from edgemoe.compiler.ir import Op, Value


class Slices:
    """Writes the slices of one region."""

    def __init__(self, plan: RegionPlan, names: Names, at: Callable[[Value, int], str]) -> None:
        self._plan, self._names, self._at = plan, names, at
        self._below = set(plan.cascades.values())
        self._wires: dict[int, str] = {}  #: to the slice above, by operation

    def lines(self, op: Op, name: str) -> list[str]:
        """The slice of ``op``, whose result is the signal ``name``, declared before."""
        plan = self._plan
        cycle = plan.cycle(op) if plan.pipelined else plan.cycle(op) + KEPT
        a, b, c = op.operands
        wire, lines = "", []
        if op.id in self._below:
            wire = self._wires[op.id] = self._names.fresh(f"{name}_pcout")
            lines.append(f"wire {span(op.width)}{wire};")
        if op.id in plan.cascades:
            added = self._wires[plan.cascades[op.id]]
        else:
            late = plan.added(op) - plan.cycle(op)
            added = extend(self._at(c, cycle + late), c.width, op.width, True)
        parameters = {"A": a.width, "B": b.width, "CASCADE": int(op.id in plan.cascades)}
        if plan.series7:
            parameters["SERIES7"] = 1
        values = ", ".join(f".{key}({value})" for key, value in parameters.items())
        ports = {"clk": "clk", "a": self._at(a, cycle), "b": self._at(b, cycle), "c": added, "p": name}
        joined = ", ".join(f".{key}({value})" for key, value in {**ports, "pcout": wire}.items())
        return [*lines, f"hls_mul_add #({values}) u_{name} ({joined});"]
