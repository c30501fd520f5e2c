# SPDX-License-Identifier: Apache-2.0
"""Board or simulation: a board is never exchanged for the simulation, and what is missing is said."""

from pathlib import Path

import pytest

from edgemoe import overlays
from edgemoe.errors import UserError
from edgemoe.overlays import Here, here, on_board


@pytest.fixture(autouse=True)
def nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine without programmable logic, and nothing set; returns the folder in which its marks would be."""
    for variable in ("EDGEMOE_SIM", "EDGEMOE_OVERLAY", "BOARD"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("EDGEMOE_BUILD", str(tmp_path / "build"))
    monkeypatch.setattr(overlays, "MARKS", (tmp_path / "fpga0", tmp_path / "compatible"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_without_a_board_it_is_the_simulated_one() -> None:
    assert here() == Here(True, "sim-small")
    assert str(here()) == "the simulated board sim-small"


@pytest.mark.parametrize("mark", ["fpga0", "compatible"])
def test_a_board_is_never_exchanged(mark: str, nowhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (nowhere / mark).write_bytes(b"xlnx,zynqmp-zcu104\0xlnx,zynqmp\0")
    monkeypatch.setenv("BOARD", "ZCU104")
    assert on_board() and here() == Here(False, "zcu104")
    monkeypatch.setenv("EDGEMOE_SIM", "1")
    assert here().simulated


def test_another_arm_machine_is_no_board(nowhere: Path) -> None:
    (nowhere / "compatible").write_bytes(b"raspberrypi,4-model-b\0brcm,bcm2711\0")
    assert not on_board()


def test_a_board_that_is_asked_for_and_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGEMOE_SIM", "0")
    with pytest.raises(UserError, match="this machine is no board"):
        here()


@pytest.mark.parametrize("value", ["yes", "2", " 1"])
def test_an_unknown_wish(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGEMOE_SIM", value)
    with pytest.raises(UserError, match="EDGEMOE_SIM is"):
        here()


def test_the_bitstream_of_a_board(nowhere: Path) -> None:
    """Where the build leaves it, nearer ones first."""
    place = Here(False, "zcu104")
    with pytest.raises(UserError, match="No bitstream for the board zcu104"):
        place.bitstream()
    built = nowhere / "build" / "bitstream" / "zcu104" / "edgemoe.bit"
    built.parent.mkdir(parents=True)
    built.write_bytes(b"\0\x09\x0f\xf0")
    assert place.bitstream() == built
    (nowhere / "edgemoe.bit").write_bytes(b"\0\x09\x0f\xf0")
    assert place.bitstream() == nowhere / "edgemoe.bit"


def test_a_chosen_bitstream(nowhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = nowhere / "mine.bit"
    monkeypatch.setenv("EDGEMOE_OVERLAY", str(chosen))
    with pytest.raises(UserError, match="EDGEMOE_OVERLAY names it"):
        Here(True, "sim-small").bitstream()
    chosen.write_bytes(b"\0\x09\x0f\xf0")
    assert Here(True, "sim-small").bitstream() == Here(False, "zcu104").bitstream() == chosen


def test_a_board_gets_no_placeholder(overlay: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGEMOE_OVERLAY", str(overlay))
    assert Here(True, "sim-small").bitstream() == overlay
    with pytest.raises(UserError, match="placeholder of a simulation"):
        Here(False, "zcu104").bitstream()
