# SPDX-License-Identifier: Apache-2.0
"""``python -m fuzzing run``: a campaign; ``shrink SEED``: the smallest program that fails as it; ``show SEED``."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import traceback
from pathlib import Path
from typing import Any

from edgemoe.compiler.driver import compile_file
from edgemoe.compiler.errors import CompileError
from fuzzing.batch import SHIM, STEP_SECONDS, limited
from fuzzing.campaign import BATCH, LOG, campaign, kind_of_message
from fuzzing.generate import REFUSED, Program, program
from fuzzing.shrink import shrink
from fuzzing.supervise import verdicts
from fuzzing.tree import Node


def main() -> int:
    parser = argparse.ArgumentParser(prog="fuzzing", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="many seeds; goes on where the log ends")
    run.add_argument("--first", type=int, default=0)
    run.add_argument("--count", type=int, default=200)
    run.add_argument("--batch", type=int, default=BATCH)
    run.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="batches at a time")
    run.add_argument("--log", type=Path, default=LOG)
    run.add_argument("--quiet", action="store_true")
    for name in ("shrink", "show"):
        command = commands.add_parser(name)
        command.add_argument("seed", type=int)
        command.add_argument("--tries", type=int, default=300)
    for command in commands.choices.values():
        command.add_argument(
            "--without", default=",".join(sorted(REFUSED)), help="features to leave out, with commas between"
        )
    arguments = parser.parse_args()
    without = frozenset(arguments.without.split(",")) - {""}
    if arguments.command == "show":
        print(program(arguments.seed, without=without).text)
        return 0
    if arguments.command == "shrink":
        return _shrink(program(arguments.seed, without=without), arguments.tries)

    def heard(line: dict[str, Any]) -> None:
        if "kind" in line and not arguments.quiet and line["kind"] != "ok":
            print(f"{line['seed']:7} {line['kind']:12} {line['detail'][-160:]!r}", flush=True)

    total = campaign(
        arguments.first, arguments.count, log=arguments.log, heard=heard, batch=arguments.batch,
        without=without, jobs=arguments.jobs,
    )  # fmt: skip
    for name, number in total.most_common():
        print(f"{number:7} {name}")
    return 0


def verdict(root: Node, seed: int, name: str = "", *, rtl: bool = True) -> tuple[str, str]:
    """Kind and message of a program's failure; its top is ``name``, if that is not its seed's.

    Without ``rtl`` only the interpreters judge it.
    """
    made = Program(name or f"f{seed}", seed, root)
    with tempfile.TemporaryDirectory(prefix="fuzzing-") as folder:
        for line in verdicts([made], Path(folder), step_seconds=60, rtl=rtl):
            if "kind" in line:
                detail = line["detail"]
                exact = line["kind"] in ("refused", "crash", "lint")
                return line["kind"], kind_of_message(detail) if exact else ""
    return "nothing", ""


def refusal(root: Node, seed: int) -> tuple[str, str]:
    """As `verdict` for a program that the compiler refuses or fails on: nothing is built or run."""
    name = f"f{seed}"
    with tempfile.TemporaryDirectory(prefix="fuzzing-") as folder:
        source = Path(folder) / f"{name}.cpp"
        source.write_text(root.text())
        try:
            with limited(STEP_SECONDS):
                compile_file(source, name, include=[SHIM], out=Path(folder) / name)
        except CompileError as error:
            return "refused", kind_of_message(error.message)
        except Exception:
            return "crash", kind_of_message(traceback.format_exc())
    return "ok", ""


def _shrink(made: Program, tries: int) -> int:
    seed = made.seed
    wanted = refusal(made.root, seed)
    wanted = verdict(made.root, seed) if wanted[0] == "ok" else wanted
    print(f"// seed {seed}: {wanted[0]} {wanted[1]}")
    if wanted[0] == "ok":
        return 1
    built = wanted[0] not in ("native", "interpreter", "schedule")

    def judge(root: Node) -> tuple[str, str]:
        return refusal(root, seed) if wanted[0] in ("refused", "crash") else verdict(root, seed, rtl=built)

    small = shrink(made.root, lambda root: judge(root) == wanted, tries=tries)
    print(small.text())
    return 0


if __name__ == "__main__":
    sys.exit(main())
