# SPDX-License-Identifier: Apache-2.0
"""Overlays, and what the scripts in `scripts/` are given with them: `python overlays.py FOLDER`.

Each `FOLDER/NAME/` has `NAME.bit` with what belongs to it. They are built once and used by every release of PYNQ,
in an environment that has neither the compiler nor Verilator.
"""

import sys
from collections.abc import Callable
from dataclasses import replace
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
from edgemoe.program import Workload, striped  # noqa: E402
from edgemoe.sim.build import accelerator_design, build_overlay  # noqa: E402
from edgemoe.sim.overlay import write_overlay  # noqa: E402

BUILD = board("sim-small")
COPIER = "copier_0"


def copier(folder: Path) -> None:
    """The copier on a Zynq UltraScale+."""
    library = verilated_copier()
    write_overlay(folder, copier_design(folder.name, library), {COPIER: library.path})


def copier_zynq7(folder: Path) -> None:
    """The copier on a Zynq-7000."""
    library = verilated_copier()
    ips = copier_design(folder.name, library).ips
    design = lay_out(folder.name, board_facts("pynq-z2"), ips, clock_mhz=100.0)
    write_overlay(folder, design, {COPIER: library.path})


def copier_deep(folder: Path) -> None:
    """The copier inside a hierarchy of the block design: in Vivado's words instance `block_copier_0`."""
    library = verilated_copier()
    bitstream = write_overlay(folder, copier_design(folder.name, library), {COPIER: library.path})
    for path, old, new in (
        (bitstream.with_suffix(".hwh"), f'"{COPIER}"', f'"block_{COPIER}"'),
        (bitstream.with_suffix(".hwh"), f'"/{COPIER}"', f'"/block/{COPIER}"'),
        (folder / "overlay.json", f'"{COPIER}"', f'"block/{COPIER}"'),
    ):
        path.write_text(path.read_text().replace(old, new))


def dma(folder: Path) -> None:
    """Kernels with streams, and DMAs at them."""
    write_streams_overlay(folder)


def accelerator(folder: Path) -> None:
    """The accelerator with one run of it: the regions of memory before it, and the output as golden has it."""
    overlay = build_overlay(BUILD)
    design = replace(accelerator_design(BUILD, overlay.rtl.report), name=folder.name)
    write_overlay(folder, design, {ip.instance: overlay.library.path for ip in design.ips})
    package = random_package(small(), seed=1)
    workload = Workload(package, BUILD)
    pixels = random_image(package.config, np.random.default_rng(2))
    memory = workload.memory(pixels, workload.program("depth"))
    np.save(folder / "weights.npy", np.frombuffer(striped(BUILD, memory.weights), np.uint8))
    for region in ("program", "image"):
        np.save(folder / f"{region}.npy", np.frombuffer(getattr(memory, region), np.uint8))
    np.save(folder / "statistics.npy", np.zeros(memory.statistics_bytes, np.uint8))
    np.save(folder / "output.npy", np.frombuffer(machine.run(BUILD, memory).output, np.uint8))


OVERLAYS: tuple[Callable[[Path], None], ...] = (copier, copier_zynq7, copier_deep, dma, accelerator)


def main(folder: Path) -> None:
    """Write every overlay below `folder`."""
    for make in OVERLAYS:
        (folder / make.__name__).mkdir(parents=True, exist_ok=True)
        make(folder / make.__name__)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
