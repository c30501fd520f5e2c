# SPDX-License-Identifier: Apache-2.0
"""500 damaged files of each kind, and that the campaign sees what it must see. `make fuzz` tries 20,000."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from edgemoe.errors import UserError

sys.path.insert(0, str(Path(__file__).parent))
import campaign
import loaders
import unruly

COUNT = 500


@pytest.fixture(autouse=True)
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where failing files go."""
    monkeypatch.setattr(campaign, "KEPT", tmp_path / "kept")
    (tmp_path / "kept").mkdir()
    return tmp_path / "kept"


@pytest.mark.parametrize("kind", loaders.KINDS)
def test_good_files_load(kind: str, tmp_path: Path) -> None:
    for data in loaders.KINDS[kind].seeds():
        path = tmp_path / f"good{loaders.KINDS[kind].suffix}"
        path.write_bytes(data)
        loaders.KINDS[kind].load(path)


@pytest.mark.slow
@pytest.mark.parametrize("kind", loaders.KINDS)
def test_damaged_files_load_or_are_refused(kind: str, tmp_path: Path) -> None:
    print(f"{kind}: inputs 0..{COUNT - 1}")
    for data in loaders.KINDS[kind].seeds():  # what the loader imports is no part of the time of an input
        campaign.verdict(kind, data, tmp_path / f"good{loaders.KINDS[kind].suffix}")
    failures = [f for seed in range(COUNT) if (f := campaign.attempt(kind, seed, tmp_path))]
    assert not failures, "\n".join(map(str, failures))


@pytest.mark.parametrize("kind", loaders.KINDS)
def test_an_input_depends_on_its_number_alone(kind: str) -> None:
    form = loaders.KINDS[kind]
    inputs = [form.input(kind, seed) for seed in range(20)]
    assert inputs[::-1] == [form.input(kind, seed) for seed in reversed(range(20))]
    assert len(set(inputs)) > 15


def bad(action: str, path: Path) -> None:
    """A loader that does what no loader may."""
    if action == "raises":
        raise KeyError("a defect")
    if action == "says nothing":
        raise UserError("That is wrong.")
    if action == "says too much":
        raise UserError(f"{path}: {'x' * 2000}")
    if action == "is slow":
        started = time.process_time()
        while time.process_time() - started < 0.3:
            pass
    if action == "takes memory":
        assert len(bytearray(80 << 20)) and path


@pytest.mark.parametrize(
    ("action", "reason"),
    [
        ("raises", "KeyError: 'a defect'"),
        ("says nothing", "names no file"),
        ("says too much", "a message that is long"),
        ("is slow", "took 0.3 s"),
        ("takes memory", "MiB more"),
        ("is good", ""),
    ],
)
def test_what_a_loader_may_not_do_is_a_failure(
    action: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept: Path
) -> None:
    good = loaders.KINDS["npy"]
    monkeypatch.setitem(
        loaders.KINDS, "npy", loaders.Kind(good.suffix, good.seeds, good.steps, lambda p: bad(action, p))
    )
    monkeypatch.setattr(campaign, "SECONDS", 0.2)
    grown = iter(range(0, 10_000_000, 100_000 if action == "takes memory" else 1))
    monkeypatch.setattr(campaign, "peak_kilobytes", lambda: next(grown))
    monkeypatch.setattr(campaign, "BYTES", 50 << 20)
    failure = campaign.attempt("npy", 3, tmp_path)
    if not reason:
        assert failure is None and not list(kept.iterdir())
        return
    assert (
        failure is not None and reason in failure.reason and "--kind npy --seed 3 --count 1" in str(failure)
    )
    assert failure.path.parent == kept and failure.path.exists()


def test_a_failing_input_is_shrunk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """To as few steps as still fail: here none are needed."""
    good = loaders.KINDS["npy"]
    monkeypatch.setitem(
        loaders.KINDS, "npy", loaders.Kind(good.suffix, good.seeds, good.steps, lambda p: bad("raises", p))
    )
    seed = next(s for s in range(50) if good.input("npy", s) != good.input("npy", s, frozenset({0, 1, 2})))
    failure = campaign.attempt("npy", seed, tmp_path)
    assert failure and failure.path.read_bytes() == good.input("npy", seed, frozenset({0, 1, 2}))


def test_a_campaign_survives_a_crash_and_a_hang(tmp_path: Path, kept: Path) -> None:
    failures = campaign.campaign("npy", 5, 6, tmp_path, work=unruly.work, patience=1)
    assert [(f.seed, f.reason) for f in failures] == [(7, "crashes the interpreter"), (9, "hangs")]
    assert sorted(path.name for path in kept.iterdir()) == ["npy-7.npy", "npy-9.npy"]
