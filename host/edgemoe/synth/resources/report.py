# SPDX-License-Identifier: Apache-2.0
"""`resources.json`: what a design takes, by module and part, against what the board's part has."""

from __future__ import annotations

import dataclasses
import os
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from edgemoe.blockdesign import Board
from edgemoe.built import digest
from edgemoe.caches import build_root
from edgemoe.synth.resources import yosys
from edgemoe.synth.resources.counts import Resources
from edgemoe.synth.resources.flow import Design, Told, map_gates, prepare, shown
from edgemoe.synth.resources.limits import limits, passed

FILE = "resources.json"


def measure(
    files: Sequence[Path],
    top: str,
    board: Board,
    *,
    helpers: Collection[str] = (),
    cache: Path | None = None,
    jobs: int | None = None,
    limit: int = yosys.LIMIT_SECONDS,
    told: Told | None = None,
) -> dict[str, Any]:
    """What module `top` of `files` takes on `board`, ready for JSON.

    Args:
        files: SystemVerilog of the compiler, each of one module of its own name.
        top: the outermost module.
        board: whose family the cells are of.
        helpers: C++ files, without suffix, whose logic counts where it is used.
        cache: where results are kept; `build/resources` by default.
        jobs: processes at a time; the number of processors by default.
        limit: seconds of a processor for one process.
        told: told after each step.

    Raises:
        UserError: Yosys is not installed, refuses a module, or needs more time than `limit`.
    """
    cache = cache or build_root() / "resources"
    if told:
        told("reading by Yosys", 0, 1)
    design = prepare(files, top, board.family.name, helpers=helpers, cache=cache, limit=limit)
    if told:
        told("reading by Yosys", 1, 1)
    jobs = jobs or os.cpu_count() or 1
    each = map_gates(
        design,
        board.family.name,
        uram=board.fabric.uram > 0,
        cache=cache,
        jobs=jobs,
        limit=limit,
        told=told,
    )
    return _report(design, each, board, digest(*files))


def _report(design: Design, each: Mapping[str, Resources], board: Board, sha256: str) -> dict[str, Any]:
    counts = _instances(design)
    total = Resources()
    for name, count in counts.items():
        total += each[name] * count
    found = limits(board.name, board.fabric)
    return {
        "top": shown(design.top),
        "sha256": sha256,
        "yosys": yosys.identity(),
        "board": board.name,
        "part": board.part,
        "part_has": dataclasses.asdict(board.fabric),
        "total": total.figures(),
        "limits": [dataclasses.asdict(limit) for limit in found],
        "passed": [str(one) for one in passed(total, board.name, board.fabric)],
        "modules": _modules(design, each, counts),
    }


def _modules(
    design: Design, each: Mapping[str, Resources], counts: Mapping[str, int]
) -> list[dict[str, Any]]:
    """Every module with what all its instances take by themselves, and its parts with what is inside them."""
    rows = []
    for name, count in counts.items():
        if name in design.parts:
            continue
        parts = {part: _with_all(design, each, own) for own, (of, part) in design.parts.items() if of == name}
        own = each[name] + sum(
            (each[own] for own, (of, _) in design.parts.items() if of == name), Resources()
        )
        row: dict[str, Any] = {"name": shown(name), "instances": count, "each": own.figures()}
        if parts:
            row["parts"] = {part: figures.figures() for part, figures in parts.items()}
            row["parts"]["between"] = each[name].figures()
        rows.append(row)
    return sorted(rows, key=lambda row: (-row["each"]["lut"] * row["instances"], row["name"]))


def _instances(design: Design) -> dict[str, int]:
    """How often each module is in the top, itself once."""
    counts: Counter[str] = Counter()

    def visit(name: str, times: int) -> None:
        counts[name] += times
        for child, count in Counter(design.modules[name].instances).items():
            if child in design.modules:
                visit(child, times * count)

    visit(design.top, 1)
    return dict(counts)


def _with_all(design: Design, each: Mapping[str, Resources], name: str) -> Resources:
    """A module with all that is in it."""
    total = each[name]
    for child, count in Counter(design.modules[name].instances).items():
        if child in design.modules:
            total += _with_all(design, each, child) * count
    return total
