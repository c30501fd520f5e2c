# SPDX-License-Identifier: Apache-2.0
"""The picture and the figures of docs/how-to/waves.md, from two runs of one program: `make pictures`.

usage: make_waves.py WITH WITHOUT

WITH is the folder of `edgemoe cosim --waves`, WITHOUT that of the same run without waves. Writes
docs/pictures/waves.svg, keeps the figures as docs/pictures/waves.json, and puts them into the page.
"""

import io
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.figure import Figure

from edgemoe import faults

PICTURES = Path(__file__).resolve().parent / "pictures"
PAGE = PICTURES.parent / "how-to" / "waves.md"
CORE = "top.accelerator.hls_core."
CLOCK = "top.ap_clk"
SIGNALS = (
    ("gmem0: RVALID", "top.m_axi_gmem0_RVALID"),
    ("commands_valid", f"{CORE}commands_valid"),
    ("fetches_valid", f"{CORE}fetches_valid"),
    ("gmem5: ARVALID", "top.m_axi_gmem5_ARVALID"),
    ("gmem5: RVALID", "top.m_axi_gmem5_RVALID"),
    ("beats_valid", f"{CORE}beats_valid"),
    ("beats_ready", f"{CORE}beats_ready"),
)
BEFORE, AFTER = 30, 150
"""Cycles that the picture shows before and after the first command."""
Change = tuple[int, int]
"""A time and the value from then on."""


def changes(waves: Path, names: Sequence[str]) -> dict[str, list[Change]]:
    """Every change of some one-bit signals of an FST file, by name."""
    from pylibfst import ffi, get_scopes_signals2, lib

    reader = lib.fstReaderOpen(str(waves).encode())
    if reader == ffi.NULL:
        raise SystemExit(f"{waves} cannot be read as FST.")
    known = get_scopes_signals2(reader)[1].by_name
    missing = [name for name in names if name not in known]
    if missing:
        raise SystemExit(
            f"{waves} has no signal {missing[0]}; docs/make_waves.py names the signals it draws."
        )
    handles = {known[name].handle: name for name in names}
    seen: dict[str, list[Change]] = {name: [] for name in names}

    @ffi.callback("void(void *, uint64_t, uint32_t, const unsigned char *)")
    def note(_: Any, time: int, handle: int, value: Any) -> None:
        seen[handles[handle]].append((time, int(ffi.string(ffi.cast("char *", value)) == b"1")))

    lib.fstReaderClrFacProcessMaskAll(reader)
    for handle in handles:
        lib.fstReaderSetFacProcessMask(reader, handle)
    lib.fstReaderIterBlocks(reader, note, ffi.NULL, ffi.NULL)
    lib.fstReaderClose(reader)
    return seen


def picture(waves: Path) -> str:
    """The first fetch of a run as a timing diagram, an SVG file's text."""
    seen = changes(waves, [CLOCK, *[name for _, name in SIGNALS]])
    read = next(time for time, value in seen["top.m_axi_gmem0_RVALID"] if value)
    first = next(time for time, value in seen[f"{CORE}commands_valid"] if value and time > read)
    return diagram(
        seen, SIGNALS, first, (BEFORE, AFTER), "cycles from the first command of the layer program"
    )


def diagram(
    seen: dict[str, list[Change]],
    signals: Sequence[tuple[str, str]],
    first: int,
    around: tuple[int, int],
    label: str,
) -> str:
    """A timing diagram of `signals` (what it shows, its name in `seen`), an SVG file's text.

    first: the time of cycle 0; around: cycles before and after it; label: of the axis of time. `seen` has CLOCK, too.
    """
    rising = [time for time, value in seen[CLOCK] if value]
    period = rising[1] - rising[0]
    start, end = first - around[0] * period, first + around[1] * period
    figure = Figure(figsize=(9.5, 3.6), layout="constrained", facecolor="white")
    axes = figure.add_subplot()
    for row, (_, name) in enumerate(signals):
        before = [value for time, value in seen[name] if time <= start]
        steps = [(start, before[-1] if before else 0)]
        steps += [change for change in seen[name] if start < change[0] < end]
        steps.append((end, steps[-1][1]))
        times = [(time - first) / period for time, _ in steps]
        levels = [-row + 0.7 * value for _, value in steps]
        axes.step(times, levels, where="post", color="#3b6ea5", linewidth=1.2)
        axes.fill_between(times, levels, -row, step="post", color="#3b6ea5", alpha=0.15)
    axes.set_yticks([0.35 - row for row in range(len(signals))], [label for label, _ in signals], fontsize=9)
    axes.set_xlabel(label)
    axes.set_xlim(-around[0], around[1])
    axes.grid(axis="x", alpha=0.3)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(left=False)
    buffer = io.StringIO()
    with matplotlib.rc_context({"svg.hashsalt": "edgemoe", "svg.fonttype": "path"}):
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return "\n".join(line.rstrip() for line in buffer.getvalue().splitlines()) + "\n"


def figures(recorded: Path, plain: Path) -> dict[str, Any]:
    """What the page tells of the two runs; both must be bit-exact and of the same length."""
    reports = [json.loads((run / "report.json").read_text()) for run in (recorded, plain)]
    cycles = [sum(task["cycles"] for task in report["task"].values()) for report in reports]
    if not all(report["bit_exact"] for report in reports) or cycles[0] != cycles[1]:
        raise SystemExit(f"{recorded} and {plain} are not two bit-exact runs of one program.")
    size = (recorded / "waves.fst").stat().st_size
    seconds = [report["seconds"]["simulate"] for report in reports]
    return {
        "board": reports[0]["board"],
        "cycles": cycles[0],
        "bytes": size,
        "bytes_per_cycle": round(size / cycles[0]),
        "seconds": round(seconds[0], 1),
        "seconds_without": round(seconds[1], 1),
    }


def table(kept: dict[str, Any]) -> str:
    """The page's table of what waves cost."""
    return (
        f"| run of one layer of `nano` on `{kept['board']}`, one task | with waves | without |\n|---|---|---|\n"
        f"| cycles | {kept['cycles']:,} | {kept['cycles']:,} |\n"
        f"| size of `waves.fst` | {kept['bytes'] / 1e6:,.0f} MB, {kept['bytes_per_cycle']:,} bytes a cycle | none |\n"
        "| seconds to simulate, on the machine that made this page "
        f"| {kept['seconds']:g} | {kept['seconds_without']:g} |\n"
    )


def filled(text: str, kept: dict[str, Any]) -> str:
    """The page with its table made anew."""
    start, end = "<!-- table: waves -->\n", "<!-- end -->"
    before, rest = text.split(start)
    return before + start + table(kept) + end + rest.split(end, 1)[1]


def main(recorded: Path, plain: Path) -> None:
    """Write picture, figures and page."""
    kept = figures(recorded, plain)
    (PICTURES / "waves.svg").write_text(picture(recorded / "waves.fst"))
    (PICTURES / "waves.json").write_text(json.dumps(kept, indent=1) + "\n")
    PAGE.write_text(filled(PAGE.read_text(), kept))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    faults.end(lambda: main(Path(sys.argv[1]), Path(sys.argv[2])))
