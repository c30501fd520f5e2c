# SPDX-License-Identifier: Apache-2.0
"""`python -m edgemoe.sim.describe`: write what bitstreams/ says of each board, from the compiler's report."""

import json
from pathlib import Path

from edgemoe import faults
from edgemoe.blockdesign import hardware_description
from edgemoe.config import BOARDS, BuildConfig
from edgemoe.kernels import hls_folder
from edgemoe.registers import IP_VLNV, build_id
from edgemoe.sim.build import accelerator_design, compile_rtl


def description_files(build: BuildConfig) -> dict[str, str]:
    """File name → text, for the folder of a board."""
    manifest = {
        "board": build.name,
        "bitstream": None,
        "bitstream_note": "No bitstream has been built; no vendor tool and no board was used.",
        "hardware_description": "edgemoe.hwh",
        "vlnv": IP_VLNV,
        "build_id": f"0x{build_id(build):08x}",
    }
    text = hardware_description(accelerator_design(build, compile_rtl(build).report))
    return {"edgemoe.hwh": text, "manifest.json": json.dumps(manifest, indent=2) + "\n"}


def main() -> None:
    """Write the files of every board."""
    for build in BOARDS.values():
        folder: Path = hls_folder().parent / "bitstreams" / build.name
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in description_files(build).items():
            (folder / name).write_text(text)


if __name__ == "__main__":
    faults.end(main)
