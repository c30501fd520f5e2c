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

from copier import copier_ip, verilated_copier  # noqa: E402 - the folder is known now
from small import small  # noqa: E402

from edgemoe.config import board  # noqa: E402
from edgemoe.golden import machine  # noqa: E402
from edgemoe.golden.random_package import random_image, random_package  # noqa: E402
from edgemoe.program import Workload  # noqa: E402
from edgemoe.registers import IP_NAME, IP_VLNV  # noqa: E402
from edgemoe.sim.build import accelerator_ip, build_overlay  # noqa: E402
from edgemoe.sim.hwh import hardware_description  # noqa: E402
from edgemoe.sim.overlay import write_files, write_overlay  # noqa: E402

BUILD = board("sim-small")


def copier(folder: Path) -> None:
    """The copier on a Zynq UltraScale+."""
    library = verilated_copier()
    write_overlay(folder, folder.name, copier_ip(library), library.path)


def copier_zynq7(folder: Path) -> None:
    """The copier on a Zynq-7000."""
    library = verilated_copier()
    ip = copier_ip(library)
    text = as_zynq7(hardware_description(folder.name, ip, part="7z020", clock_mhz=100.0))
    write_files(folder, folder.name, text, ip.vlnv, {ip.instance: library.path})


def copier_deep(folder: Path) -> None:
    """The copier inside a hierarchy of the block design."""
    library = verilated_copier()
    ip = copier_ip(library)
    text = hardware_description(folder.name, ip, part="xck26", clock_mhz=200.0)
    text = text.replace('"copier_0"', '"block_copier_0"').replace('"/copier_0"', '"/block/copier_0"')
    write_files(folder, folder.name, text, ip.vlnv, {"block/copier_0": library.path})


def accelerator(folder: Path) -> None:
    """The accelerator with one run of it: the regions of memory before it, and the output as golden has it."""
    overlay = build_overlay(BUILD)
    ip = accelerator_ip(overlay.rtl.report)
    text = hardware_description(folder.name, ip, part="xck26", clock_mhz=BUILD.clock_mhz)
    write_files(folder, folder.name, text, IP_VLNV, {IP_NAME: overlay.library.path})
    package = random_package(small(), seed=1)
    workload = Workload(package, BUILD)
    memory = workload.memory(
        random_image(package.config, np.random.default_rng(2)), workload.program("depth")
    )
    for region in ("program", "weights", "image"):
        np.save(folder / f"{region}.npy", np.frombuffer(getattr(memory, region), np.uint8))
    np.save(folder / "statistics.npy", np.zeros(memory.statistics_bytes, np.uint8))
    np.save(folder / "output.npy", np.frombuffer(machine.run(BUILD, memory).output, np.uint8))


def as_zynq7(text: str) -> str:
    """A hardware description for a Zynq UltraScale+ as one for a Zynq-7000: its processing system, its addresses."""
    changes = {
        'ARCH="zynquplus"': 'ARCH="zynq"',
        "zynq_ultra_ps_e:3.5": "processing_system7:5.5",
        'HWVERSION="3.5"': 'HWVERSION="5.5"',
        "zynq_ultra_ps_e": "processing_system7",
        "pl_ps_irq0": "IRQ_F2P",
        "M_AXI_HPM0_FPD": "M_AXI_GP0",
        "S_AXI_HP0_FPD": "S_AXI_HP0",
        "0xA0000000": "0x43C00000",
        "0xA000FFFF": "0x43C0FFFF",
        "0xa0000000": "0x43c00000",
        "0xA0010000": "0x41800000",
        "0xA001FFFF": "0x4180FFFF",
        "0xa0010000": "0x41800000",
        "0x7FFFFFFF": "0x1FFFFFFF",
    }
    for clock in range(4):
        for stage in range(2):
            old = f"PSU__CRL_APB__PL{clock}_REF_CTRL__DIVISOR{stage}"
            changes[old] = f"PCW_FCLK{clock}_PERIPHERAL_DIVISOR{stage}"
        changes[f"PSU__CRL_APB__PL{clock}_REF_CTRL__SRCSEL"] = f"PCW_FCLK{clock}_PERIPHERAL_CLKSRC"
        changes[f"PSU__CRL_APB__PL{clock}_REF_CTRL__ACT_FREQMHZ"] = f"PCW_ACT_FPGA{clock}_PERIPHERAL_FREQMHZ"
        changes[f"PSU__FPGA_PL{clock}_ENABLE"] = f"PCW_FPGA_FCLK{clock}_ENABLE"
    # The PLL of such a board runs at 1 GHz.
    changes['DIVISOR0" VALUE="6"'] = 'DIVISOR0" VALUE="10"'
    for old, new in changes.items():
        text = text.replace(old, new)
    return text


OVERLAYS = {
    "copier": copier,
    "copier_zynq7": copier_zynq7,
    "copier_deep": copier_deep,
    "accelerator": accelerator,
}


def main(folder: Path) -> None:
    """Write every overlay below `folder`."""
    for name, make in OVERLAYS.items():
        (folder / name).mkdir(parents=True, exist_ok=True)
        make(folder / name)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
