# SPDX-License-Identifier: Apache-2.0
"""`make netlists`: netlists of all programs against their native builds; rows of docs/reference/netlists.md.

A row is written as soon as its program has run, with a sum over the SystemVerilog and the recipe. Where that sum is
still the same a program is not run again, unless its row is taken out: what was broken off goes on where it was, and
after a change of the compiler only those run whose SystemVerilog changed.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterable
from pathlib import Path

from edgemoe.caches import keep_inside
from edgemoe.config import write_if_changed
from netlists.check import STALLS, check, compiled, key_of
from netlists.subjects import CALLS, LEFT_OUT, ROOT, Subject, subjects
from netlists.synthesis import Netlist

PAGE = ROOT / "docs" / "reference" / "netlists.md"
BEGIN, END = "<!-- table: netlists -->\n", "<!-- end -->"
HEAD = "| program | gates | flip-flops | multipliers | memories | results | sum |\n|---|---:|---:|---:|---:|---|---|\n"


def main() -> None:
    parser = argparse.ArgumentParser(prog="netlists", description=__doc__)
    parser.add_argument("names", nargs="*", help="programs, or what their names begin with; all unless given")
    given = parser.parse_args().names
    keep_inside(ROOT)  # Yosys is translated for this machine once, which takes minutes
    everything = subjects()
    wanted = dict.fromkeys(name for first in given or [""] for name in everything if name.startswith(first))
    wrong = []
    for name in wanted:
        row = _row(everything[name])
        if not row.startswith("|"):
            wrong.append(name)
        print(row, flush=True)
        _keep(everything, name, row if row.startswith("|") else "")
    if wrong:
        raise SystemExit(f"not as the native build: {', '.join(wrong)}")


def _row(subject: Subject) -> str:
    """The row of a program that did what the native build does, or what was wrong."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            result = compiled(subject, Path(folder))
            key = key_of(subject, result)
            before = rows_of(PAGE.read_text()).get(subject.name, "")
            return (
                before if before.endswith(f"| {key} |") else _text(subject.name, check(subject, result), key)
            )
        except Exception as error:  # whatever stopped it, the others go on
            return f"{subject.name} {type(error).__name__}: {str(error)[:2000]}"


def rows_of(page: str) -> dict[str, str]:
    """The rows of the page's table by program."""
    lines = page.split(BEGIN)[1].split(END)[0].splitlines()
    return {line.split("|")[1].strip(): line for line in lines if "| equal |" in line}


def _text(name: str, made: Netlist, key: str) -> str:
    counts = (made.gates, made.flip_flops, made.multipliers, made.memories)
    return f"| {name} | " + " | ".join(f"{n:,}" for n in counts) + f" | equal | {key} |"


def _keep(everything: Iterable[str], name: str, row: str) -> None:
    """``row`` in the place of what the page said of the program; none where it is wrong."""
    page = PAGE.read_text()
    rows = rows_of(page) | {name: row}
    kept = [rows[name] for name in everything if rows.get(name)]
    text = (
        f"{len(kept)} programs, each in {len(STALLS)} runs of {CALLS} calls, with handshakes stalled in "
        f"{', '.join(map(str, STALLS))} % of the cycles. Left out: "
        + "; ".join(f"`cases/{name}` ({reason})" for name, reason in LEFT_OUT.items())
        + f".\n\n{HEAD}"
        + "\n".join(kept)
        + "\n"
    )
    before, after = page.split(BEGIN)[0], page.split(END, 1)[1]
    write_if_changed(PAGE, f"{before}{BEGIN}{text}{END}{after}")


if __name__ == "__main__":
    main()
