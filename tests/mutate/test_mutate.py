# SPDX-License-Identifier: Apache-2.0
"""The mutation run itself, on a checkout of two files; and that every listed mutation still applies."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from edgemoe.errors import UserError
from edgemoe.mutate import MUTATIONS, Mutation, Outcome, mutate

ROOT = Path(__file__).resolve().parents[2]
TEST = ("tests/test_it.py",)


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda m: f"{Path(m.file).name}: {m.idea}")
def test_every_mutation_applies(mutation: Mutation) -> None:
    mutation.check(ROOT)
    text = (ROOT / mutation.file).read_text(encoding="utf-8")
    assert mutation.applied(text) != text
    for test in mutation.tests:
        path, _, single = test.partition("::")
        assert (ROOT / path).exists(), test
        assert not single or f"def {single.partition('[')[0]}(" in (ROOT / path).read_text(), test


def test_there_are_enough_of_each_kind() -> None:
    kinds = Counter(mutation.file.split("/")[0] for mutation in MUTATIONS)
    assert len(MUTATIONS) >= 30 and kinds["hls"] >= 10 and kinds["host"] >= 10


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A function with a comment and a test that knows the function."""
    (tmp_path / "host").mkdir()
    (tmp_path / "tests").mkdir()
    (tmp_path / "host" / "it.py").write_text("def double(x):\n    return x + x  # twice\n")
    (tmp_path / "tests" / "test_it.py").write_text(
        "import time\nfrom it import double\n\n\n"
        "def test_double():\n    assert double(2) == 4\n    time.sleep(double(0))\n"
    )
    return tmp_path


def outcomes(checkout: Path, old: str, new: str, limit: float = 60) -> list[tuple[bool, str]]:
    heard: list[Outcome] = []
    mutate(checkout, [Mutation("idea", "host/it.py", old, new, TEST)], heard.append, limit)
    return [(outcome.caught, outcome.by) for outcome in heard]


def test_a_caught_mutation_names_the_test(checkout: Path) -> None:
    assert outcomes(checkout, "x + x", "x + 1") == [(True, "FAILED tests/test_it.py::test_double")]


def test_a_survivor_is_reported(checkout: Path) -> None:
    assert outcomes(checkout, "# twice", "# thrice") == [(False, "no test")]


def test_a_broken_source_does_not_count_as_caught(checkout: Path) -> None:
    assert outcomes(checkout, "def double", "deff double") == [
        (False, "pytest could not run (exit status 2)")
    ]


def test_a_hang_is_not_caught(checkout: Path) -> None:
    """Running out of time tells nobody what is wrong."""
    assert outcomes(checkout, "x + x", "x + x if x else 100", limit=20) == [(False, "time limit")]


def test_the_sources_stay_as_they_are(checkout: Path) -> None:
    before = (checkout / "host" / "it.py").read_text()
    outcomes(checkout, "x + x", "x + 1")
    assert (checkout / "host" / "it.py").read_text() == before


@pytest.mark.parametrize(("old", "times"), [("y", 0), ("x", 3)])
def test_a_mutation_must_apply_once(checkout: Path, old: str, times: int) -> None:
    with pytest.raises(UserError, match=f"occurs {times} times in host/it.py, not once"):
        outcomes(checkout, old, "z")


def test_tests_must_pass_without_mutations(checkout: Path) -> None:
    (checkout / "host" / "it.py").write_text("def double(x):\n    return x + 1  # twice\n")
    with pytest.raises(UserError, match=r"Without any mutation tests/test_it.py does not pass"):
        outcomes(checkout, "# twice", "")
