# SPDX-License-Identifier: Apache-2.0
"""Every bad input and situation: one message, its status, no traceback, no wait, and nothing of the user's touched."""

import hashlib
import shlex
import stat
from pathlib import Path

import pytest

from edgemoe import cli

from .situations import SITUATIONS, Situation

REPO = Path(__file__).parents[2]


def snapshot(folder: Path) -> dict[str, str]:
    """Everything below a folder, by name: kind, and content of files."""
    found = {}
    for path in sorted(folder.rglob("*")):
        mode = path.lstat().st_mode
        content = hashlib.sha256(path.read_bytes()).hexdigest() if stat.S_ISREG(mode) else ""
        found[str(path.relative_to(folder))] = f"{stat.S_IFMT(mode)} {content}"
    return found


@pytest.mark.timeout(120)
@pytest.mark.parametrize("situation", SITUATIONS, ids=str)
def test_a_message_and_nothing_lost(
    situation: Situation,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    situation.prepare(here)
    before = snapshot(here)
    monkeypatch.setattr("edgemoe.sim.build.build_overlay", _not_reached)
    status = cli.run(shlex.split(situation.arguments.format(here=here, repo=REPO)))
    captured = capsys.readouterr()
    assert status == situation.status, captured.err
    assert situation.said in captured.err
    assert "Traceback" not in captured.err and captured.out == ""
    assert len(captured.err) < 2000
    assert snapshot(here) == before


def _not_reached(*_: object, **__: object) -> None:
    raise AssertionError("the simulation was built for a bad input")


def test_there_are_many() -> None:
    assert len(SITUATIONS) >= 100
