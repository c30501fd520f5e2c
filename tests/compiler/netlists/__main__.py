# SPDX-License-Identifier: Apache-2.0
"""`make netlists`: netlists of all programs against their native builds; rows of docs/reference/netlists.md.

Netlists and models are kept below build/cache/netlists, so that a run that was broken off goes on where it was.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from netlists.check import STALLS, check
from netlists.subjects import CALLS, ROOT, TIMED, Subject, subjects
from netlists.synthesis import GATES_FACTOR, GATES_WORDS, Netlist

PAGE = ROOT / "docs" / "reference" / "netlists.md"
#: Programs a model: building one costs more than running one small program in it.
GROUP = 8
_HEAD = """# Netlists

What synthesis makes of the compiler's SystemVerilog does what the C++ does: Yosys reads each program, synthesises it
(`synth`, flat, down to gates and flip-flops), and its netlist, written back as Verilog, is simulated by Verilator.
Each of {runs} runs starts registers with other random values, and has {calls} calls and a rate of stalls on every
handshake ({stalls} %); all results must be those of the native build. As in an FPGA, memories of more than {words}
words and multipliers with both factors wider than {factor} bits stay what they are.

`make netlists` runs all of them and writes this page; `make netlists ONLY=kernels/gelu` runs some and replaces their
rows. Left out: {timed}.

| program | gates | flip-flops | multipliers | memories | result |
|---|---:|---:|---:|---:|---|
"""


def main() -> None:
    parser = argparse.ArgumentParser(prog="netlists", description=__doc__)
    parser.add_argument("names", nargs="*", help="programs, or what their names begin with; all unless given")
    given = parser.parse_args().names
    everything = subjects()
    wanted = [s for name, s in everything.items() if not given or name.startswith(tuple(given))]
    rows = {name: row for name, row in _read_rows() if name in everything}
    wrong = []
    for group in _groups(wanted):
        for name, outcome in _outcomes(group):
            print(name, outcome, flush=True)
            if isinstance(outcome, str):
                wrong.append(name)
                rows.pop(name, None)
            else:
                rows[name] = _row(name, outcome)
        _write({name: rows[name] for name in everything if name in rows})
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


def _row(name: str, made: Netlist) -> str:
    counts = (made.gates, made.flip_flops, made.multipliers, made.memories)
    return f"| {name} | " + " | ".join(f"{n:,}" for n in counts) + " | equal |"


def _read_rows() -> list[tuple[str, str]]:
    """Rows of the page as it is."""
    lines = PAGE.read_text().splitlines() if PAGE.exists() else []
    return [(line.split("|")[1].strip(), line) for line in lines if line.endswith("| equal |")]


def _write(rows: dict[str, str]) -> None:
    head = _HEAD.format(
        runs=len(STALLS),
        calls=CALLS,
        stalls=", ".join(map(str, STALLS)),
        words=GATES_WORDS,
        factor=GATES_FACTOR,
        timed="; ".join(f"`cases/{name}` ({reason})" for name, reason in TIMED.items()),
    )
    PAGE.write_text(head + "\n".join(rows.values()) + f"\n\n{len(rows)} programs.\n")


if __name__ == "__main__":
    main()
