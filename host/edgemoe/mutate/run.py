# SPDX-License-Identifier: Apache-2.0
"""Applies mutations one by one to a copy of the checkout and runs the tests that should fail."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgemoe.errors import UserError
from edgemoe.mutate.mutations import MUTATIONS, Mutation

COPIED = (
    "host",
    "hls",
    "tests",
    "cosim",
    "models",
    "bitstreams",
    "docs",
    "pyproject.toml",
    "mkdocs.yml",
    "README.md",
    "Makefile",
)
LIMIT_SECONDS = 600.0
"""A test run that takes longer has caught nothing: a test must say what is wrong."""
PASSED, FAILED = 0, 1  # exit statuses of pytest; others mean that it could not run the tests


@dataclass(frozen=True)
class Outcome:
    """What the tests said of a mutation."""

    mutation: Mutation
    caught: bool
    by: str
    """The first failing test, "time limit", or what else happened."""
    seconds: float


def mutate(
    checkout: Path,
    mutations: Iterable[Mutation],
    report: Callable[[Outcome], None],
    limit_seconds: float = LIMIT_SECONDS,
) -> list[Outcome]:
    """Runs each mutation; `report` hears of each as it ends.

    Raises UserError if a mutation's text is not found exactly once, or if its tests fail without it.
    """
    mutations = list(mutations)
    for mutation in mutations:
        mutation.check(checkout)
    tree = checkout / "build" / "mutate"
    _copy(checkout, tree)
    for tests in sorted({mutation.tests for mutation in mutations}):
        status, output = _pytest(tree, tests, limit_seconds)
        if status != PASSED:
            raise UserError(f"Without any mutation {' '.join(tests)} does not pass:\n{output[-2000:]}")
    outcomes = []
    for mutation in mutations:
        path = tree / mutation.file
        original = path.read_text(encoding="utf-8")
        path.write_text(mutation.applied(original), encoding="utf-8")
        started = time.monotonic()
        try:
            status, output = _pytest(tree, mutation.tests, limit_seconds)
        finally:
            path.write_text(original, encoding="utf-8")
        outcome = _outcome(mutation, status, output, time.monotonic() - started)
        report(outcome)
        outcomes.append(outcome)
    return outcomes


def _outcome(mutation: Mutation, status: int | None, output: str, seconds: float) -> Outcome:
    if status is None:
        return Outcome(mutation, False, "time limit", seconds)
    if status == FAILED:
        failures = [line for line in output.splitlines() if line.startswith(("FAILED ", "ERROR "))]
        return Outcome(mutation, True, failures[0].split(" - ")[0] if failures else "a failure", seconds)
    if status == PASSED:
        return Outcome(mutation, False, "no test", seconds)
    return Outcome(mutation, False, f"pytest could not run (exit status {status})", seconds)


def _copy(checkout: Path, tree: Path) -> None:
    """A fresh copy of the sources; caches of tools are shared, so that nothing is downloaded or built twice."""
    shutil.rmtree(tree, ignore_errors=True)
    tree.mkdir(parents=True)
    ignore = shutil.ignore_patterns("__pycache__", "*.pyc")
    for name in COPIED:
        source = checkout / name
        if source.is_dir():
            shutil.copytree(source, tree / name, ignore=ignore)
        elif source.exists():
            shutil.copy2(source, tree / name)


def _pytest(tree: Path, tests: tuple[str, ...], limit_seconds: float) -> tuple[int | None, str]:
    """Exit status (None: time limit) and output of the tests, with the copy's package first on the path."""
    environment = dict(os.environ)
    environment["PYTHONPATH"] = str(tree / "host")
    environment["PYTHONDONTWRITEBYTECODE"] = "1"
    command = [sys.executable, "-m", "pytest", "-x", "-q", "--no-header", *tests]
    try:
        done = subprocess.run(
            command,
            cwd=tree,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=limit_seconds,
        )
    except subprocess.TimeoutExpired:
        return None, ""
    return done.returncode, done.stdout


def run_mutations(checkout: Path, pick: str, log: Callable[[str], None]) -> list[dict[str, Any]]:
    """All mutations whose file or idea contains `pick`, as plain data; `log` hears a line of each as it ends."""
    chosen = [mutation for mutation in MUTATIONS if pick in f"{mutation.file}: {mutation.idea}"]
    if not chosen:
        raise UserError(f"No mutation's file or idea contains {pick!r}.")
    if not (checkout / "hls").is_dir() or not (checkout / "tests").is_dir():
        raise UserError(f"{checkout} is not a checkout of this project; run `edgemoe mutate` in its folder.")
    outcomes = mutate(checkout, chosen, lambda outcome: log(_line(outcome)))
    return [
        {
            "file": outcome.mutation.file,
            "idea": outcome.mutation.idea,
            "caught": outcome.caught,
            "by": outcome.by,
            "seconds": round(outcome.seconds, 1),
        }
        for outcome in outcomes
    ]


def _line(outcome: Outcome) -> str:
    verdict = "caught  " if outcome.caught else "SURVIVED"
    mutation = outcome.mutation
    return f"{verdict} {outcome.seconds:6.1f} s  {mutation.file}: {mutation.idea} ({outcome.by})"
