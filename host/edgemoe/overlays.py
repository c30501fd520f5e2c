# SPDX-License-Identifier: Apache-2.0
"""Which board a program runs on, and where the accelerator's bitstream for it lies.

The one place that decides between a board and the simulated one. A board is never exchanged for the simulation: where
PYNQ finds programmable logic, only `EDGEMOE_SIM=1` asks for the simulated board, and `here()` says which it is.

| variable | meaning |
|---|---|
| `EDGEMOE_SIM` | 1: the simulated board, everywhere. 0: a board or nothing. Not set: a board, else the simulated one |
| `EDGEMOE_OVERLAY` | the bitstream to load, with its `.hwh` beside it |
| `BOARD` | on a board its name, as PYNQ's image sets it |
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from edgemoe.caches import build_root
from edgemoe.config import board
from edgemoe.errors import UserError
from edgemoe.files import check_regular

SIMULATED_BOARD = "sim-small"
FILE = "edgemoe.bit"
MARKS = (Path("/sys/class/fpga_manager/fpga0"), Path("/proc/device-tree/compatible"))
"""By the first PYNQ knows a board; the second names the chip."""
PLACEHOLDER = b"This is not a bitstream."


@dataclass(frozen=True)
class Here:
    """The board that the program runs on."""

    simulated: bool
    name: str

    def __str__(self) -> str:
        return f"the simulated board {self.name}" if self.simulated else f"the board {self.name}"

    def bitstream(self) -> Path:
        """The accelerator's overlay: `$EDGEMOE_OVERLAY`, else the one that was made for this board.

        That of the simulated board is made where it is missing or older than its sources, which takes a while.

        Raises:
            UserError: there is none, or it is the placeholder of a simulation and this is a board.
        """
        if chosen := os.environ.get("EDGEMOE_OVERLAY"):
            path = Path(chosen)
            check_regular(path, "Overlay", "EDGEMOE_OVERLAY names it")
        elif self.simulated:
            from edgemoe.sim.build import build_overlay

            return build_overlay(board(self.name)).bitstream
        else:
            path = self._made()
        if not self.simulated and _is_placeholder(path):
            raise UserError(
                f"{path} is no bitstream but the placeholder of a simulation, which no board can load. Copy the "
                ".bit and .hwh that Vivado made to the board and name the .bit in EDGEMOE_OVERLAY."
            )
        return path

    def _made(self) -> Path:
        places = [Path.cwd() / FILE, build_root() / "bitstream" / self.name / FILE]
        for path in places:
            if path.is_file():
                return path
        raise UserError(
            f"No bitstream for {self}: neither {places[0]} nor {places[1]} exists. Copy {FILE} and its .hwh there, or "
            "name the file in EDGEMOE_OVERLAY. None is shipped; bitstreams/ in the checkout says how one is made."
        )


def here() -> Here:
    """The board that this program runs on; if it is the simulated one, that becomes PYNQ's active device.

    Raises:
        UserError: `EDGEMOE_SIM` is neither 0 nor 1, or is 0 where there is no board; PYNQ or what the simulation
            needs is missing.
    """
    wanted = os.environ.get("EDGEMOE_SIM", "")
    if wanted not in ("", "0", "1"):
        raise UserError(
            f"EDGEMOE_SIM is {wanted!r}; it may be 1 (the simulated board), 0 (a board) or not set."
        )
    if wanted == "1" or (not wanted and not on_board()):
        from edgemoe.sim import activate

        activate()
        return Here(True, SIMULATED_BOARD)
    if not on_board():
        raise UserError(
            f"EDGEMOE_SIM is 0, but this machine is no board: {MARKS[0]} does not exist. Leave EDGEMOE_SIM unset for "
            "the simulated board."
        )
    return Here(False, os.environ.get("BOARD", "").lower() or "of this machine")


def on_board() -> bool:
    """Whether this machine has programmable logic that PYNQ could load, or is a Zynq whose logic it does not see."""
    logic, compatible = MARKS
    return logic.exists() or (compatible.is_file() and b"xlnx,zynq" in compatible.read_bytes())


def _is_placeholder(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(PLACEHOLDER)) == PLACEHOLDER
