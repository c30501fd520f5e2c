# SPDX-License-Identifier: Apache-2.0
"""Feeds damaged files to the loaders: `make fuzz`.

usage: campaign.py [--kind KIND ...] [--seed FIRST] [--count N]

Input n of a kind depends on n alone, so `--kind png --seed 17 --count 1` tries one again. A loader may read a damaged
file, if what it gives passes its check, or refuse it with one UserError whose message can be printed, is short and
names the file. Anything else, more than five seconds of the processor, or more than a gigabyte is a failure; the file
is kept in build/fuzz/, made with as few steps of damage as still fail.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import multiprocessing
import resource
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from loaders import KINDS, ROOT, scratch

from edgemoe import faults
from edgemoe.errors import UserError
from edgemoe.progress import Progress

Work = Callable[[str, int, int, Path, Connection], None]
SECONDS, BYTES, CHARACTERS = 5.0, 1 << 30, 1000
KEPT = ROOT / "build" / "fuzz"


@dataclass(frozen=True)
class Failure:
    """What went wrong with an input, and where it is kept."""

    kind: str
    seed: int
    reason: str
    path: Path

    def __str__(self) -> str:
        again = f"--kind {self.kind} --seed {self.seed} --count 1"
        return f"{self.kind} {self.seed}: {self.reason}\n  {self.path}; again: {again}"


def peak_kilobytes() -> int:
    """The most memory that this process ever had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def verdict(kind: str, data: bytes, path: Path) -> str:
    """What is wrong with how the loader takes the bytes; empty if nothing is."""
    path.write_bytes(data)
    peak, started = peak_kilobytes(), time.process_time()
    try:
        KINDS[kind].load(path)
        said = ""
    except UserError as error:
        said = str(error)
        if not said.isprintable() or len(said) > CHARACTERS or path.name not in said:
            return f"a message that is long, can't be printed or names no file: {said[:2000]!r}"
    except Exception as error:
        return f"{type(error).__name__}: {str(error)[:500]}"
    grown = (peak_kilobytes() - peak) * 1024
    if time.process_time() - started > SECONDS:
        return f"took {time.process_time() - started:.1f} s"
    if grown > BYTES:
        return f"took {grown >> 20} MiB more than any input before it"
    return ""


def attempt(kind: str, seed: int, folder: Path) -> Failure | None:
    """Tries one input; a failing one is shrunk and kept."""
    form = KINDS[kind]
    path = folder / f"{kind}-{seed}{form.suffix}"
    reason = verdict(kind, form.input(kind, seed), path)
    if not reason:
        path.unlink(missing_ok=True)
        return None
    for leave_out in itertools.chain.from_iterable(itertools.combinations(range(4), n) for n in (3, 2, 1)):
        again = verdict(kind, form.input(kind, seed, frozenset(leave_out)), path)
        if again.split(":")[0] == reason.split(":")[0] and "took" not in reason:
            break
    else:
        path.write_bytes(form.input(kind, seed))
    return Failure(kind, seed, reason, Path(shutil.move(path, KEPT / path.name)))


def _work(kind: str, first: int, end: int, folder: Path, pipe: Connection) -> None:
    """Tries the inputs first .. end - 1, saying before each which one it is, and after it how it ended."""
    for data in KINDS[kind].seeds():  # what the loader imports is no part of the time of an input
        verdict(kind, data, folder / f"good{KINDS[kind].suffix}")
    with contextlib.suppress(BrokenPipeError):  # the campaign was stopped
        for seed in range(first, end):
            pipe.send(seed)
            failure = attempt(kind, seed, folder)
            if failure:
                pipe.send(failure)
        pipe.send(None)


def campaign(
    kind: str,
    first: int,
    count: int,
    folder: Path,
    step: Callable[[int], None] = lambda done: None,
    work: Work = _work,
    patience: float = 12 * SECONDS,
) -> list[Failure]:
    """Tries inputs in a process of their own, which may hang or crash; a new one takes the next input.

    step: told how many are done. patience: seconds for one input, which is tried many times if it fails.
    """
    failures: list[Failure] = []
    context = multiprocessing.get_context("spawn")
    at, end = first, first + count
    while at < end:
        receiver, sender = context.Pipe(duplex=False)
        worker = context.Process(target=work, args=(kind, at, end, folder, sender))
        worker.start()
        sender.close()
        started, reason = False, ""
        while True:
            if not receiver.poll(patience if started else 120):  # the first one waits for the imports
                reason = "hangs"
                break
            try:
                message = receiver.recv()
            except EOFError:
                reason = "crashes the interpreter"
                break
            if message is None:
                at = end
                break
            if isinstance(message, Failure):
                failures.append(message)
            else:
                at, started = message, True
                step(at - first)
        worker.kill()
        worker.join()
        if reason:
            path = KEPT / f"{kind}-{at}{KINDS[kind].suffix}"
            path.write_bytes(KINDS[kind].input(kind, at))
            failures.append(Failure(kind, at, reason, path))
            at += 1
    return failures


def main() -> int:
    """Runs the campaigns that the command line asks for; 1 if anything failed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kind", choices=KINDS, nargs="*", default=list(KINDS))
    parser.add_argument("--seed", type=int, default=0, help="first input")
    parser.add_argument("--count", type=int, default=20_000)
    options = parser.parse_args()
    failures = []
    folder = scratch()
    try:
        with Progress() as progress:
            for kind in options.kind:
                started = time.monotonic()

                def step(done: int, what: str = f"damaged files, {kind}") -> None:
                    progress.step(what, done, options.count)

                found = campaign(kind, options.seed, options.count, folder, step)
                last, seconds = options.seed + options.count - 1, time.monotonic() - started
                progress.say(f"{kind}: inputs {options.seed}..{last}, {len(found)} failures, {seconds:.0f} s")
                for failure in found:
                    progress.say(str(failure))
                failures += found
    finally:
        shutil.rmtree(folder)
    return 1 if failures else 0


if __name__ == "__main__":
    faults.end(main)
