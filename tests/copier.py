# SPDX-License-Identifier: Apache-2.0
"""The copier, a small hand-written accelerator, as a simulation and as an IP of a block design."""

from dataclasses import asdict
from pathlib import Path

from edgemoe.blockdesign import Design, board_facts, ip_of_report, lay_out
from edgemoe.compiler.backend.registers import CONTROL
from edgemoe.sim.verilate import VerilatedLibrary, verilate

SOURCE = Path(__file__).parent / "sim" / "fixtures" / "copier.sv"
ARGUMENTS = (
    ("src", 0x10, 64, True),
    ("dst", 0x1C, 64, True),
    ("beats", 0x28, 32, True),
    ("delta", 0x30, 32, True),
    ("fault", 0x38, 32, True),
    ("cycles", 0x40, 32, False),
    ("bus_error", 0x48, 32, False),
)


def verilated_copier() -> VerilatedLibrary:
    """Its simulation, built unless it is there."""
    return verilate([SOURCE], "copier", optimise="-O1")


def copier_design(
    name: str, library: VerilatedLibrary, *instances: str, board: str = "sim-small", clock_mhz: float = 200.0
) -> Design:
    """A block design of copiers: of `copier_0`, unless others are named."""
    report = {
        "control": [asdict(register) for register in CONTROL],
        "registers": [dict(zip(("name", "offset", "width", "writable"), a, strict=True)) for a in ARGUMENTS],
        "masters": [{"name": port, "bits": 128} for port in library.ports],
        "streams": [],
    }
    ips = [ip_of_report(one, "tests:hls:copier:1.0", report) for one in instances or ("copier_0",)]
    return lay_out(name, board_facts(board), ips, clock_mhz=clock_mhz)
