# SPDX-License-Identifier: Apache-2.0
"""Runs the examples on the simulated board and writes into examples/README.md what each printed: `make notebooks`.

usage: make_examples.py [NAME ...]     all of them, or those named; the others' lines stay
"""

import os
import re
import subprocess
import sys
from pathlib import Path

from edgemoe import faults
from edgemoe.caches import keep_inside
from edgemoe.config import write_if_changed
from edgemoe.errors import UserError

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = ROOT / "examples"
PAGE = EXAMPLES / "README.md"
BEGIN, END = "<!-- table: examples -->\n", "<!-- end -->"
ENTRY = re.compile(r"^## `(\w+)\.py`\n\n.*?\n\n```text\n(.*?)```\n", re.MULTILINE | re.DOTALL)
SECONDS = 300  # for one example


def names() -> list[str]:
    """The examples, without their ending."""
    return sorted(path.stem for path in EXAMPLES.glob("*.py"))


def idea(name: str) -> str:
    """What the first line of an example says that it shows."""
    return (EXAMPLES / f"{name}.py").read_text().split('"""')[1].strip()


def printed(name: str) -> str:
    """What an example prints on the simulated board.

    Raises:
        UserError: it failed; with what it said.
    """
    path = os.pathsep.join(filter(None, [str(ROOT / "host"), os.environ.get("PYTHONPATH")]))
    done = subprocess.run(
        [sys.executable, "-m", "edgemoe.sim", f"examples/{name}.py"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    if done.returncode:
        raise UserError(
            f"Example {name} failed with status {done.returncode}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
        )
    return done.stdout


def recorded() -> dict[str, str]:
    """Name of an example -> what the page says that it prints."""
    return dict(ENTRY.findall(PAGE.read_text()))


def page(outputs: dict[str, str]) -> str:
    """The page with these outputs in its generated part."""
    entries = [
        f"## `{name}.py`\n\n{idea(name)}\n\n```text\n{text}```\n" for name, text in sorted(outputs.items())
    ]
    head, _, rest = PAGE.read_text().partition(BEGIN)
    return head + BEGIN + "\n" + "\n".join(entries) + "\n" + END + rest.partition(END)[2]


def main() -> None:
    """Run what the command line names and write the page."""
    from edgemoe.config import board
    from edgemoe.sim.build import build_overlay

    keep_inside(ROOT)
    build_overlay(board("sim-small"))
    outputs = {name: text for name, text in recorded().items() if name in names()}
    for name in sys.argv[1:] or names():
        if name not in names():
            raise UserError(f"There is no example {name!r}; there are {', '.join(names())}.")
        print(name, flush=True)
        outputs[name] = printed(name)
    write_if_changed(PAGE, page(outputs))


if __name__ == "__main__":
    faults.end(main)
