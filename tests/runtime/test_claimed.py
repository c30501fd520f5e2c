# SPDX-License-Identifier: Apache-2.0
"""A real board is one process's at a time."""

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

import edgemoe
from edgemoe import sim
from edgemoe.errors import UserError
from edgemoe.runtime import claimed

BOARD = SimpleNamespace(name="Pynq-Z2 (1)")
OTHER = """
import sys
from pathlib import Path
from types import SimpleNamespace
from edgemoe.runtime import claimed
claimed.LOCKS = (Path(sys.argv[1]),)
claimed.claim(SimpleNamespace(name="Pynq-Z2 (1)"))
print("held", flush=True)
sys.stdin.readline()
"""


@pytest.fixture(autouse=True)
def locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(claimed, "LOCKS", (tmp_path / "none", tmp_path))
    return tmp_path


def test_a_second_process(locks: Path) -> None:
    """Refused while the first lives, with its number; free as soon as it has ended, however it ended."""
    command = [sys.executable, "-c", OTHER, str(locks)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(
            UserError, match=rf"Another process \({other.pid}\) has the accelerator of Pynq-Z2"
        ):
            claimed.claim(BOARD)
        other.kill()
    claimed.release(claimed.claim(BOARD))


def test_one_process_may_claim_twice(locks: Path) -> None:
    """As a cell of a notebook that is run again does."""
    first, second = claimed.claim(BOARD), claimed.claim(BOARD)
    claimed.release(first)
    assert claimed._held
    claimed.release(second)
    assert not claimed._held
    claimed.release(second)


def test_a_fork_has_no_claim(locks: Path) -> None:
    mine = claimed.claim(BOARD)
    child = os.fork()
    if not child:
        try:
            claimed.claim(BOARD)
        except UserError:
            os._exit(7)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    claimed.release(mine)


@pytest.mark.parametrize("kind", ["link", "folder"])
def test_something_else_in_the_place_of_the_lock(locks: Path, kind: str) -> None:
    place, precious = locks / "edgemoe-Pynq-Z2-1-.lock", locks / "precious"
    precious.write_text("mine")
    place.symlink_to(precious) if kind == "link" else place.mkdir()
    with pytest.raises(UserError, match="can't be opened"):
        claimed.claim(BOARD)
    assert precious.read_text() == "mine"


def test_the_accelerator_claims_a_real_board_only(
    golden_overlay: Path, locks: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with edgemoe.Accelerator(golden_overlay):
        assert not claimed._held
    monkeypatch.setattr(type(sim.activate()), "simulated", False)
    with edgemoe.Accelerator(golden_overlay):
        assert len(claimed._held) == 1
    assert not claimed._held
    dropped = edgemoe.Accelerator(golden_overlay)
    assert len(claimed._held) == 1
    del dropped
    assert not claimed._held
    with pytest.raises(UserError, match="There is no file"):
        edgemoe.Accelerator(locks / "none.bit")
    assert not claimed._held, "an accelerator that was not made holds nothing"
