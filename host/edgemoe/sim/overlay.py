# SPDX-License-Identifier: Apache-2.0
"""Writes an overlay's folder: hardware description, placeholder of the bitstream, and its simulation."""

import json
import os
from pathlib import Path

from edgemoe.sim.hwh import HardwareIp, hardware_description

PLACEHOLDER = """\
This is not a bitstream. It stands where PYNQ looks for one.

No vendor tool has been run for this design. The hardware description beside this file is real, and on the
simulated board (python -m edgemoe.sim, or import edgemoe.sim) the design runs as the simulation that
overlay.json names. A board refuses this file.
"""


def write_overlay(
    folder: Path, name: str, ip: HardwareIp, library: Path, *, part: str = "xck26", clock_mhz: float = 200.0
) -> Path:
    """Write `<name>.bit` (a placeholder), `<name>.hwh`, `overlay.json` into `folder`; the path of the first.

    `library` is the simulation of `ip`, from `edgemoe.sim.verilate`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    description = hardware_description(name, ip, part=part, clock_mhz=clock_mhz)
    manifest = {
        "bitstream": "none: the .bit file is a placeholder",
        "vlnv": ip.vlnv,
        "simulations": {ip.instance: os.path.relpath(library, folder)},
    }
    bitstream = folder / f"{name}.bit"
    _replace(bitstream, PLACEHOLDER)
    _replace(bitstream.with_suffix(".hwh"), description)
    _replace(folder / "overlay.json", json.dumps(manifest, indent=2) + "\n")
    return bitstream


def _replace(path: Path, text: str) -> None:
    """Write a file so that another process sees the old or the new content, never half of it."""
    fresh = path.with_name(f".{path.name}-{os.getpid()}")
    fresh.write_text(text)
    fresh.replace(path)
