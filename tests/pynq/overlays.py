# SPDX-License-Identifier: Apache-2.0
"""Overlays, and what the scripts in `scripts/` are given with them: `python overlays.py FOLDER`.

Each `FOLDER/NAME/` has `NAME.bit` with what belongs to it. They are built once and used by every release of PYNQ,
in an environment that has neither the compiler nor Verilator.
"""

import sys
from pathlib import Path

import numpy as np

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS), str(TESTS.parent / "host")]

from copier import copier_design, verilated_copier  # noqa: E402 - the folder is known now
from small import small  # noqa: E402
from streams import write_streams_overlay  # noqa: E402

from edgemoe.blockdesign import board_facts, lay_out  # noqa: E402
from edgemoe.config import board  # noqa: E402
from edgemoe.golden import machine  # noqa: E402
from edgemoe.golden.random_package import random_image, random_package  # noqa: E402
from edgemoe.program import Workload  # noqa: E402
from edgemoe.registers import IP_NAME  # noqa: E402
from edgemoe.sim.build import accelerator_ip, build_overlay  # noqa: E402
from edgemoe.sim.overlay import write_overlay  # noqa: E402

BUILD = board("sim-small")


def copier(folder: Path) -> None:
    """The copier on a Zynq UltraScale+."""
    library = verilated_copier()
    write_overlay(folder, copier_design(folder.name, library), {"copier_0": library.path})


def copier_zynq7(folder: Path) -> None:
    """The copier on a Zynq-7000."""
    library = verilated_copier()
    design = copier_design(folder.name, library, board="pynq-z2", clock_mhz=100.0)
    write_overlay(folder, design, {"copier_0": library.path})


def copier_deep(folder: Path) -> None:
    """The copier inside a hierarchy of the block design."""
    library = verilated_copier()
    bitstream = write_overlay(folder, copier_design(folder.name, library), {"copier_0": library.path})
    description, manifest = bitstream.with_suffix(".hwh"), folder / "overlay.json"
    text = description.read_text()
    text = text.replace('"copier_0"', '"block_copier_0"').replace('"/copier_0"', '"/block/copier_0"')
    description.write_text(text)
    manifest.write_text(manifest.read_text().replace('"copier_0"', '"block/copier_0"'))


def dma(folder: Path) -> None:
    """Kernels with streams, and DMAs at them."""
    write_streams_overlay(folder)


def accelerator(folder: Path) -> None:
    """The accelerator with one run of it: the regions of memory before it, and the output as golden has it."""
    overlay = build_overlay(BUILD)
    ip = accelerator_ip(overlay.rtl.report)
    design = lay_out(folder.name, board_facts(BUILD.name), [ip], clock_mhz=BUILD.clock_mhz)
    write_overlay(folder, design, {IP_NAME: overlay.library.path})
    package = random_package(small(), seed=1)
    workload = Workload(package, BUILD)
    memory = workload.memory(
        random_image(package.config, np.random.default_rng(2)), workload.program("depth")
    )
    for region in ("program", "weights", "image"):
        np.save(folder / f"{region}.npy", np.frombuffer(getattr(memory, region), np.uint8))
    np.save(folder / "statistics.npy", np.zeros(memory.statistics_bytes, np.uint8))
    np.save(folder / "output.npy", np.frombuffer(machine.run(BUILD, memory).output, np.uint8))


OVERLAYS = {
    "copier": copier,
    "copier_zynq7": copier_zynq7,
    "copier_deep": copier_deep,
    "dma": dma,
    "accelerator": accelerator,
}


def main(folder: Path) -> None:
    """Write every overlay below `folder`."""
    for name, make in OVERLAYS.items():
        (folder / name).mkdir(parents=True, exist_ok=True)
        make(folder / name)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
