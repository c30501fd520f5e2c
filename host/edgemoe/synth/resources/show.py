# SPDX-License-Identifier: Apache-2.0
"""The resources of a design as a table on the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from edgemoe.synth.resources.limits import NAMES

NOTE = (
    "By {yosys}; no vendor tool and no place and route has confirmed it. Yosys takes more than the vendor's tools: see "
    "docs/reference/resources.md."
)
SMALL = 0.002
"""Of the LUTs: what takes less is shown in one row, unless it has DSP blocks or memories."""
_COLUMNS = ("lut", "lut_memory", "lut_shift", "ff", "dsp", "bram36", "uram")
_TITLES = {"lut_memory": "as memory", "lut_shift": "as shift", **NAMES}


def show_resources(report: Mapping[str, Any]) -> None:
    """Print the table of `report`, its limits, and which of them it passes."""
    table = Table(title="Resources", title_justify="left", box=box.SIMPLE, pad_edge=False)
    table.add_column("module", no_wrap=True)
    table.add_column("times", justify="right")
    for column in _COLUMNS:
        table.add_column(_TITLES[column], justify="right", no_wrap=True)
    for name, times, figures in _rows(report):
        table.add_row(name, times, *(_number(figures[column]) for column in _COLUMNS))
    table.add_section()
    total, has = report["total"], report["part_has"]
    table.add_row("all", "", *(_number(total[column]) for column in _COLUMNS))
    table.add_row(f"{report['part']} has", "", *(_number(has.get(column, "")) for column in _COLUMNS))
    table.add_row("share", "", *(_share(total[column], has.get(column)) for column in _COLUMNS))
    console = Console()
    console.print(table)
    for line in report["passed"]:
        console.print(f"Passed: {line}.", highlight=False, markup=False, soft_wrap=True)
    if not report["passed"]:
        most = ", ".join(f"{NAMES[one['resource']]} {one['most']:,.10g}" for one in report["limits"])
        console.print(f"Within all limits: {most}.", highlight=False, markup=False, soft_wrap=True)
    console.print(NOTE.format(yosys=report["yosys"]), highlight=False, markup=False, soft_wrap=True)


def _rows(report: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Modules and parts, the largest first; small ones in one row."""
    rest = dict.fromkeys(_COLUMNS, 0)
    small = 0
    for module in report["modules"]:
        times = module["instances"]
        figures = {name: value * times for name, value in module["each"].items()}
        if figures["lut"] < SMALL * report["total"]["lut"] and not figures["dsp"] and not figures["bram36"]:
            small += 1
            rest = {name: value + figures[name] for name, value in rest.items()}
            continue
        yield module["name"], str(times), figures
        parts = module.get("parts", {})
        for part in sorted(parts, key=lambda part: -parts[part]["lut"]):
            yield f"  {part}", "", parts[part]
    if small:
        yield f"{small} small modules", "", rest


def _number(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:,.10g}"


def _share(used: float, has: float | None) -> str:
    return f"{used / has:.1%}" if has else ""
