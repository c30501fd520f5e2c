# SPDX-License-Identifier: Apache-2.0
"""``python -m fuzzing run``: a campaign; ``shrink SEED``: the smallest program that fails as it; ``show SEED``."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Any

from fuzzing.campaign import BATCH, LOG, campaign, kind_of_message
from fuzzing.generate import Program, program
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
    run.add_argument("--log", type=Path, default=LOG)
    run.add_argument("--without", default="", help="features to leave out, with commas between")
    run.add_argument("--quiet", action="store_true")
    for name in ("shrink", "show"):
        command = commands.add_parser(name)
        command.add_argument("seed", type=int)
        command.add_argument("--tries", type=int, default=300)
    arguments = parser.parse_args()
    if arguments.command == "show":
        print(program(arguments.seed).text)
        return 0
    if arguments.command == "shrink":
        return _shrink(arguments.seed, arguments.tries)

    def heard(line: dict[str, Any]) -> None:
        if "kind" in line and not arguments.quiet and line["kind"] != "ok":
            print(f"{line['seed']:7} {line['kind']:12} {line['detail'][-160:]!r}", flush=True)

    total = campaign(
        arguments.first, arguments.count, log=arguments.log, heard=heard, batch=arguments.batch,
        without=frozenset(arguments.without.split(",")) - {""},
    )  # fmt: skip
    for name, number in total.most_common():
        print(f"{number:7} {name}")
    return 0


def verdict(root: Node, seed: int, name: str = "") -> tuple[str, str]:
    """Kind and message of a program's failure; its top is ``name``, if that is not its seed's."""
    made = Program(name or f"f{seed}", seed, root)
    with tempfile.TemporaryDirectory(prefix="fuzzing-") as folder:
        for line in verdicts([made], Path(folder), silence=60):
            if "kind" in line:
                detail = line["detail"]
                exact = line["kind"] in ("refused", "crash", "lint")
                return line["kind"], kind_of_message(detail) if exact else ""
    return "nothing", ""


def _shrink(seed: int, tries: int) -> int:
    made = program(seed)
    wanted = verdict(made.root, seed)
    print(f"// seed {seed}: {wanted[0]} {wanted[1]}")
    if wanted[0] == "ok":
        return 1
    small = shrink(made.root, lambda root: verdict(root, seed) == wanted, tries=tries)
    print(small.text())
    return 0


if __name__ == "__main__":
    sys.exit(main())
