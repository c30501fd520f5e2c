# SPDX-License-Identifier: Apache-2.0
"""`make netlists`: netlists of all programs against their native builds; rows of docs/reference/netlists.md.

Netlists and models are kept below build/cache/netlists, so that a run that was broken off goes on where it was.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from edgemoe.caches import keep_inside
from netlists.check import STALLS, check
from netlists.subjects import CALLS, ROOT, TIMED, Subject, subjects
from netlists.synthesis import Netlist

PAGE = ROOT / "docs" / "reference" / "netlists.md"
#: Programs a model: building one costs more than running one small program in it.
GROUP = 8
BEGIN, END = "<!-- table: netlists -->\n", "<!-- end -->"


def main() -> None:
    parser = argparse.ArgumentParser(prog="netlists", description=__doc__)
    parser.add_argument("names", nargs="*", help="programs, or what their names begin with; all unless given")
    given = parser.parse_args().names
    keep_inside(ROOT)  # Yosys is translated for this machine once, which takes minutes
    everything = subjects()
    wanted = [s for name, s in everything.items() if not given or name.startswith(tuple(given))]
    wrong = []
    for group in _groups(wanted):
        outcomes = dict(_outcomes(group))
        for name, outcome in outcomes.items():
            print(name, outcome, flush=True)
        wrong += [name for name, outcome in outcomes.items() if isinstance(outcome, str)]
        _keep(everything, outcomes)
    if wrong:
        raise SystemExit(f"not as the native build: {', '.join(wrong)}")


def _groups(wanted: Iterable[Subject]) -> Iterator[list[Subject]]:
    """Neighbours whose tops have different names, some a model; each unit of the accelerator alone."""
    group: list[Subject] = []
    for subject in wanted:
        large = subject.name.startswith("kernels/")
        if group and (large or len(group) == GROUP or subject.top in {s.top for s in group}):
            yield group
            group = []
        group.append(subject)
    if group:
        yield group


def _outcomes(group: list[Subject]) -> Iterator[tuple[str, Netlist | str]]:
    """The netlist of each, or what was wrong; where a group fails each is run alone."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            yield from check(group, Path(folder)).items()
            return
        except Exception as error:  # whatever stopped it, the others go on
            if len(group) == 1:
                yield group[0].name, f"{type(error).__name__}: {str(error)[:2000]}"
                return
    for subject in group:
        yield from _outcomes([subject])


def rows_of(page: str) -> dict[str, str]:
    """The rows of the page's table by program."""
    lines = page.split(BEGIN)[1].split(END)[0].splitlines()
    return {line.split("|")[1].strip(): line for line in lines if line.endswith("| equal |")}


def _row(name: str, made: Netlist) -> str:
    counts = (made.gates, made.flip_flops, made.multipliers, made.memories)
    return f"| {name} | " + " | ".join(f"{n:,}" for n in counts) + " | equal |"


def _keep(everything: Iterable[str], outcomes: Mapping[str, Netlist | str]) -> None:
    """Rows of ``outcomes`` in the place of what the page said of these programs; no row where one is wrong."""
    page = PAGE.read_text()
    rows = rows_of(page)
    for name, outcome in outcomes.items():
        rows[name] = "" if isinstance(outcome, str) else _row(name, outcome)
    kept = [rows[name] for name in everything if rows.get(name)]
    text = (
        f"{len(kept)} programs, each in {len(STALLS)} runs of {CALLS} calls, with handshakes stalled in "
        f"{', '.join(map(str, STALLS))} % of the cycles. Left out: "
        + "; ".join(f"`cases/{name}` ({reason})" for name, reason in TIMED.items())
        + ".\n\n| program | gates | flip-flops | multipliers | memories | results |\n|---|---:|---:|---:|---:|---|\n"
        + "\n".join(kept)
        + "\n"
    )
    before, after = page.split(BEGIN)[0], page.split(END, 1)[1]
    PAGE.write_text(f"{before}{BEGIN}{text}{END}{after}")


if __name__ == "__main__":
    main()
