# SPDX-License-Identifier: Apache-2.0
"""A large module in parts, each a loop of the C++ or, of a large loop, a C++ file, so that gates are made part by part.

Parts keep Yosys quick, whose time grows faster than a module, and say what takes the fabric. Nothing is optimised
across their borders, as across those of modules.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

from edgemoe.synth.resources.rtlil import Cell, Module, cells
from edgemoe.synth.resources.sources import Place

LARGE = 3000
"""Cells from which a module, or a loop in it, is taken apart."""
MEMORIES, REST = "memories", "rest"
_ROUNDS = 200


def split(
    module: Module, design: Mapping[str, Module], where: Sequence[Place], helpers: Collection[str]
) -> list[str]:
    """The lines of `module` with an attribute at every cell that names its part, for Yosys' `submod`.

    Args:
        module: a large one.
        design: all modules, by name.
        where: the place of every line of its SystemVerilog.
        helpers: C++ files whose functions serve all others: what is theirs belongs to the part that uses it.
    """
    found = list(cells(module, design))
    parts = assign(found, where, helpers)
    named = {cell.at: part for cell, part in zip(found, parts, strict=True)}
    lines = []
    for at, line in enumerate(module.lines):
        if at in named:
            lines.append(f'  attribute \\submod "{named[at]}"')
        lines.append(line)
    return lines


def assign(found: Sequence[Cell], where: Sequence[Place], helpers: Collection[str]) -> list[str]:
    """The part of every cell."""
    at = [_place(cell, where) for cell in found]
    sizes = Counter(place.region for place in at)
    large = {region for region, count in sizes.items() if region and count >= LARGE}
    parts: list[str | None] = []
    for cell, place in zip(found, at, strict=True):
        if cell.kind.startswith("$mem"):
            parts.append(MEMORIES)
        elif place.region in large:
            known = place.source is not None and place.source not in helpers
            parts.append(f"{place.region}_{place.source}" if known else None)
        else:
            parts.append(place.region)
    _spread(found, parts)
    return [part or REST for part in parts]


def _place(cell: Cell, where: Sequence[Place]) -> Place:
    """Where a cell comes from: its first line, or none."""
    for line in cell.lines:
        if line <= len(where):
            return where[line - 1]
    return Place(None, None)


def _spread(found: Sequence[Cell], parts: list[str | None]) -> None:
    """Give each cell without a part that of the cells it works for, a register that of what it keeps."""
    drivers, users = defaultdict(list), defaultdict(list)
    for index, cell in enumerate(found):
        for name in cell.drives:
            drivers[name].append(index)
        for name in cell.reads:
            users[name].append(index)
    open_cells = [index for index, part in enumerate(parts) if part is None]
    for _ in range(_ROUNDS):
        known: list[tuple[int, str]] = []
        for index in open_cells:
            cell = found[index]
            ahead = _most(parts[user] for name in cell.drives for user in users[name])
            behind = _most(parts[driver] for name in cell.data for driver in drivers[name])
            first, second = (behind, ahead) if "dff" in cell.kind else (ahead, behind)
            if part := first or second:
                known.append((index, part))
        if not known:
            return
        for index, part in known:
            parts[index] = part
        open_cells = [index for index in open_cells if parts[index] is None]


def _most(parts: Iterable[str | None]) -> str | None:
    """The part that is named most often, of equals the first by name; memories stand for no part."""
    count = Counter(part for part in parts if part and part != MEMORIES)
    return min(count, key=lambda part: (-count[part], part)) if count else None
