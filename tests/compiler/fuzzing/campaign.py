# SPDX-License-Identifier: Apache-2.0
"""Many seeds at one version of the compiler, with a log that the next run goes on from."""

from __future__ import annotations

import hashlib
import json
import re
import resource
import subprocess
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from fuzzing.generate import REFUSED, program
from fuzzing.supervise import verdicts

ROOT = Path(__file__).resolve().parents[3]
LOG = Path(__file__).with_name("log.jsonl")
TREES = ("host/edgemoe/compiler", "hls/shim", "tests/compiler/fuzzing")
BATCH = 25
#: Verdicts that say something about the compiler; the others are `ok` and `refused`.
FAILURES = ("undefined", "native", "crash", "interpreter", "schedule", "rtl", "lint", "hang")


def version() -> str:
    """The git trees of compiler, headers and generator; of a checkout with changes, a sum of their files."""
    changed = subprocess.run(
        ["git", "status", "--porcelain", "--", *TREES], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    changed = "".join(line for line in changed.splitlines() if LOG.name not in line)
    if not changed:
        parts = [_git("rev-parse", f"HEAD:{tree}")[:12] for tree in TREES[:2]]
        sources = sorted(Path(__file__).parent.glob("*.py"))
        return "-".join([*parts, _sum(sources)])
    return "changed-" + _sum(
        sorted(f for tree in TREES for f in (ROOT / tree).rglob("*.*") if f.suffix != ".jsonl")
    )


def _sum(files: Sequence[Path]) -> str:
    digest = hashlib.sha256()
    for file in files:
        if file.is_file() and "__pycache__" not in file.parts:
            digest.update(file.name.encode() + file.read_bytes())
    return digest.hexdigest()[:12]


def _git(*arguments: str) -> str:
    return subprocess.run(
        ["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.strip()


def kind_of_message(text: str) -> str:
    """A refusal without names and numbers, so that equal ones are counted together."""
    text = re.sub(r"^line \d+: ", "", text.strip().split("\n")[-1] if "Traceback" in text else text)
    text = re.sub(r"'[^']*'", "'…'", text)
    return re.sub(r"\d+", "N", text)[:160]


def campaign(
    first: int,
    count: int,
    *,
    log: Path | None = LOG,
    heard: Callable[[dict[str, Any]], None] = lambda _: None,
    without: frozenset[str] = REFUSED,
    batch: int = BATCH,
    jobs: int = 1,
) -> Counter[str]:
    """Runs ``count`` seeds from ``first`` on; those that the log has at this version are not run again.

    ``jobs`` batches at a time; ``heard`` gets what a batch says when it is done.
    """
    at = version()
    done = _logged(log, at) if log else set()
    seeds = [seed for seed in range(first, first + count) if seed not in done]
    total: Counter[str] = Counter()
    parts = [seeds[start : start + batch] for start in range(0, len(seeds), batch)]
    # Workers are forks: what a batch needs is loaded once, and each counts the time of its own children.
    with ProcessPoolExecutor(jobs, mp_context=get_context("fork")) as pool:
        running = {pool.submit(_one_batch, part, without): part for part in parts}
        for done_batch in as_completed(running):
            lines, line = done_batch.result()
            for said in lines:
                heard(said)
            total += Counter(line["counts"])
            total.update({f"refused: {m}": n for m, n in line["refused"].items()})
            total["core_seconds"] += round(line["core_seconds"])
            if log:
                entry = {"version": at, "seeds": _ranges(running[done_batch]), **line}
                with log.open("a") as stream:
                    stream.write(json.dumps(entry) + "\n")
    return total


def _one_batch(seeds: Sequence[int], without: frozenset[str]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """What a batch says, and its line of the log."""
    before = _core_seconds()
    counts: Counter[str] = Counter()
    refused: Counter[str] = Counter()
    lines, failures, times = [], [], {}
    part = [program(seed, without=without) for seed in seeds]
    with tempfile.TemporaryDirectory(prefix="fuzzing-") as folder:
        for line in verdicts(part, Path(folder)):
            lines.append(line)
            if "times" in line:
                times = line["times"]
                continue
            counts[line["kind"]] += 1
            if line["kind"] == "refused":
                refused[kind_of_message(line["detail"])] += 1
            elif line["kind"] != "ok":
                failures.append({"seed": line["seed"], "kind": line["kind"], "detail": line["detail"][-300:]})
    seconds = round(_core_seconds() - before, 1)
    return lines, {
        "counts": dict(counts), "refused": dict(refused), "failures": failures, "core_seconds": seconds, "times": times
    }  # fmt: skip


def _core_seconds() -> float:
    spent = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in spent)


def _ranges(seeds: Sequence[int]) -> list[list[int]]:
    """Seeds as first and last of each run."""
    ranges: list[list[int]] = []
    for seed in seeds:
        if ranges and seed == ranges[-1][1] + 1:
            ranges[-1][1] = seed
        else:
            ranges.append([seed, seed])
    return ranges


def _logged(log: Path, at: str) -> set[int]:
    if not log.exists():
        return set()
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    return {s for line in lines if line["version"] == at for a, b in line["seeds"] for s in range(a, b + 1)}
