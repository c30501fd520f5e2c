# SPDX-License-Identifier: Apache-2.0
"""What a board's folder holds: scripts and descriptions in bitstreams/, and all that the vendor's tools need."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from edgemoe.bitstream.parts import PARTS, doubt, memory_bits, multipliers
from edgemoe.blockdesign import Design, build_tcl, hardware_description, ip_files, vitis_tcl
from edgemoe.config import BuildConfig
from edgemoe.kernels import hls_folder, include_folders
from edgemoe.registers import IP_NAME, IP_VLNV, build_id
from edgemoe.sim.build import Rtl, accelerator_design

NOTE = "No bitstream has been built; no vendor tool and no board was used."
README = """\
# The overlay `edgemoe` for {board}

Not verified on hardware: no version of Vivado or Vitis HLS has run these scripts, and no board their result.

| what | where |
|---|---|
| Vivado's script: packages the kernels, makes the block design, builds the bitstream | `build.tcl` |
| the accelerator as SystemVerilog, with the compiler's report | `rtl/{kernel}/` |
| Vitis HLS's script, a second way from the same C++ to an IP | `vitis_hls.tcl` |
| the C++ and its headers | `hls/` |
| the hardware description that is expected; Vivado writes its own | `expected/edgemoe.hwh` |
| part, clock, build id | `manifest.json` |

{doubt}Needed: Vivado 2022.1 or newer with the part `{part}` and the files of the board (`{board_part}`).

    vivado -mode batch -source build.tcl

makes `vivado/edgemoe.bit` and `vivado/edgemoe.hwh`, and reports of timing and utilisation in `vivado/reports/`. If
timing is not met at {clock} MHz it says so and copies no bitstream. To stop earlier: `-tclargs --until design` (the
block design is made and validated) or `--until synthesis`.

Copy both files into one folder of the board and check it there; docs/how-to/board.md has the steps, and how to tell
what came of them.
"""


def description_files(build: BuildConfig, report: Mapping[str, Any]) -> dict[str, str]:
    """File name -> text, for the folder of a board in bitstreams/; `report` is the compiler's."""
    design = accelerator_design(build, report)
    board = design.board
    manifest: dict[str, Any] = {
        "board": build.name,
        "bitstream": None,
        "bitstream_note": NOTE,
        "hardware_description": "edgemoe.hwh",
        "vlnv": IP_VLNV,
        "build_id": f"0x{build_id(build):08x}",
    }
    files = {"edgemoe.hwh": hardware_description(design)}
    if board.board_part:
        manifest |= {
            "verified_on_hardware": False,
            "part": board.part,
            "board_part": board.board_part,
            "clock_mhz": build.clock_mhz,
            "memory_ports": [{"name": port.name, "bits": bits} for port, bits, _ in design.used_ports],
            "compiled": {"multipliers": multipliers(report), "memory_bits": memory_bits(report)},
            "part_has": asdict(PARTS[build.name]),
            "doubt": doubt(build.name, report),
            "scripts": ["build.tcl", "vitis_hls.tcl"],
        }
        files |= _scripts(build, design)
    return {"manifest.json": json.dumps(manifest, indent=2) + "\n", **files}


def _scripts(build: BuildConfig, design: Design) -> dict[str, str]:
    vitis = vitis_tcl(design.ips[0], design.board, 1000.0 / build.schedule_mhz)
    return {"build.tcl": build_tcl(design), "vitis_hls.tcl": vitis}


def folder_files(build: BuildConfig, rtl: Rtl) -> dict[str, str]:
    """Relative path -> text, of the folder that the vendor's tools need, and nothing besides it."""
    board = accelerator_design(build, rtl.report).board
    described = description_files(build, rtl.report)
    readme = README.format(
        board=build.name,
        kernel=IP_NAME,
        part=board.part,
        board_part=board.board_part,
        clock=f"{build.clock_mhz:g}",
        doubt=f"**{reason}**\n\n" if (reason := doubt(build.name, rtl.report)) else "",
    )
    files = {"README.md": readme, "expected/edgemoe.hwh": described.pop("edgemoe.hwh"), **described}
    texts = ip_files(IP_NAME, rtl.files)
    texts["report.json"] = json.dumps(rtl.report, indent=1) + "\n"
    files |= {f"rtl/{IP_NAME}/{name}": text for name, text in texts.items()}
    return files | _sources(build)


def _sources(build: BuildConfig) -> dict[str, str]:
    """The C++ for Vitis HLS: the vendor's headers take the place of ours in hls/shim."""
    hls, generated = hls_folder(), include_folders(build)[-1]
    paths: list[tuple[str, Path]] = [("kernels", hls / "kernels" / f"{IP_NAME}.cpp")]
    paths += [("include/edgemoe", path) for path in sorted((hls / "include" / "edgemoe").glob("*.hpp"))]
    paths += [("vitis", path) for path in sorted((hls / "vitis").glob("*.h"))]
    paths += [("generated", path) for path in sorted(generated.glob("*.hpp"))]
    return {f"hls/{folder}/{path.name}": path.read_text(encoding="utf-8") for folder, path in paths}
