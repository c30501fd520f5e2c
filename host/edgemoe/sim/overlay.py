# SPDX-License-Identifier: Apache-2.0
"""An overlay's folder: hardware description, placeholder of the bitstream, and the simulation behind it."""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from edgemoe.blockdesign import Design, hardware_description
from edgemoe.built import writing
from edgemoe.config import write_if_changed
from edgemoe.errors import DeviceError, UserError

PLACEHOLDER = """\
This is not a bitstream. It stands where PYNQ looks for one.

No vendor tool has been run for this design. The hardware description beside this file is real, and on the
simulated board (python -m edgemoe.sim, or import edgemoe.sim) the design runs as the simulation that
overlay.json names. A board refuses this file.
"""
MANIFEST = "overlay.json"
CURE = "Write the overlay again (`make cosim` for the accelerator's, `edgemoe synth --overlay` for others)."


@dataclass(frozen=True)
class Simulation:
    """The shared library that stands in for an IP."""

    path: Path
    sha256: str

    def check(self) -> None:
        """`DeviceError` unless the library is there and whole: the loader would crash on half of one."""
        try:
            found = hashlib.sha256(self.path.read_bytes()).hexdigest()
        except OSError as failure:
            raise DeviceError(f"The simulation {self.path} cannot be read: {failure}. {CURE}") from None
        if found != self.sha256:
            raise DeviceError(
                f"The simulation {self.path} is damaged: its SHA-256 is {found[:16]}..., the overlay expects "
                f"{self.sha256[:16]}.... {CURE}"
            )


def write_overlay(folder: Path, design: Design, libraries: Mapping[str, Path]) -> Path:
    """Write `<name>.bit` (a placeholder), `<name>.hwh`, `overlay.json` into `folder`; the path of the first.

    `libraries` are the simulations of the design's IPs by instance, from `edgemoe.sim.verilate`.
    """
    manifest = {
        "bitstream": "none: the .bit file is a placeholder",
        "board": design.board.name,
        "vlnv": {ip.instance: ip.vlnv for ip in design.ips},
        "simulations": {
            instance: {
                "library": os.path.relpath(library, folder),
                "sha256": hashlib.sha256(library.read_bytes()).hexdigest(),
            }
            for instance, library in libraries.items()
        },
    }
    bitstream = folder / f"{design.name}.bit"
    with writing(folder):
        write_if_changed(bitstream, PLACEHOLDER)
        write_if_changed(bitstream.with_suffix(".hwh"), hardware_description(design))
        write_if_changed(folder / MANIFEST, json.dumps(manifest, indent=2) + "\n")
    return bitstream


def read_simulations(bitstream: Path) -> dict[str, Simulation]:
    """The simulations of an overlay by the names of their IPs; `UserError` if it has none."""
    manifest = bitstream.with_name(MANIFEST)
    if not manifest.is_file():
        raise UserError(f"{bitstream} has no simulation: {MANIFEST} is missing beside it. {CURE}")
    try:
        entries = json.loads(manifest.read_text(encoding="utf-8"))["simulations"]
        return {
            str(name): Simulation(manifest.parent / entry["library"], str(entry["sha256"]))
            for name, entry in entries.items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as failure:
        reason = f"{type(failure).__name__}: {failure}"
        raise UserError(f"{manifest} is damaged, or of another version ({reason}). {CURE}") from None
