# SPDX-License-Identifier: Apache-2.0
"""A `pynq.Device` whose programmable logic is simulated, so that programs for PYNQ run unchanged.

`Overlay("…/edgemoe.bit")` reads the hardware description beside it as on a board, and `overlay.json` tells
which simulation stands in for the bitstream. Interrupts need an AXI INTC in the design.
"""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pynq.interrupt import _InterruptController
from pynq.pl_server.device import Device

from edgemoe.errors import UserError
from edgemoe.sim.arena import Arena
from edgemoe.sim.bus import (
    AcceleratorTarget,
    Bus,
    InterruptController,
    RegisterFile,
    RegisterWindow,
    Simulated,
)
from edgemoe.sim.description import read_description
from edgemoe.sim.interrupts import InterruptLine
from edgemoe.sim.memory import SimulatedMemory
from edgemoe.sim.verilated import DramConfig, VerilatedDesign

ARCHITECTURES = {"zynq_ultra_ps_e": "aarch64", "processing_system7": "armv7l"}
INTC = "xilinx.com:ip:axi_intc:"

# Zynq UltraScale+: PLLs at 1.2 GHz (33.333 MHz x 72 / 2), PL clocks at 100 MHz, processor at 1.2 GHz.
_PLL, _PL_CLOCK = 72 << 8 | 1 << 16, 12 << 8 | 1 << 16 | 1 << 24
PROCESSOR_REGISTERS = {
    0xFF5E0000: {0x20: _PLL, 0x30: _PLL} | {0xC0 + 4 * clock: _PL_CLOCK for clock in range(4)},
    0xFD1A0000: {0x20: _PLL, 0x2C: _PLL, 0x38: _PLL, 0x60: 1 << 8},
    0xFD610000: {},
    0xFD615000: {},
    0xFF419000: {},
}


class SimulatedDevice(Device):
    """The simulated board. `design(name)` gives the Verilated design of an IP, for tests and counters."""

    # PYNQ probes subclasses in this order; 50 and 100 are taken by its own.
    _probe_priority_ = 10
    _instance: "SimulatedDevice | None" = None

    @classmethod
    def _probe_(cls) -> list["SimulatedDevice"]:
        return [cls.instance()]

    @classmethod
    def instance(cls) -> "SimulatedDevice":
        """The one simulated board of this process."""
        if cls._instance is None:
            cls._instance = cls()
        return cls._instance

    def __init__(self) -> None:
        super().__init__("edgemoe_simulation")
        self.name = "edgemoe simulation"
        self.arch = "aarch64"
        # As on a board, so that PYNQ takes the same paths.
        self.capabilities = {"MEMORY_MAPPED": True, "REGISTER_RW": False, "CALLABLE": False}
        self.wait_limit = 20_000_000
        """Cycles after which waiting for a design counts as an error."""
        self.dram = DramConfig()
        """Parameters of the simulated DRAM for the next download."""
        self.arena = Arena()
        strict = os.environ.get("EDGEMOE_SIM_STRICT", "1") != "0"
        self.memory = SimulatedMemory(self, self.arena, strict=strict)
        self.models: dict[str, Callable[[Arena], Simulated]] = {}
        """Makers of models that stand in for the simulation of an IP, by its name; for tests."""
        self._targets: dict[str, Simulated] = {}
        self._waves: Path | None = None
        self._reset_bus()

    def _reset_bus(self) -> None:
        self._bus = Bus()
        for base, values in PROCESSOR_REGISTERS.items():
            self._bus.attach(base, 0x1000, RegisterFile(values))

    # ---- for those who know that it is a simulation

    def design(self, name: str) -> VerilatedDesign:
        """The Verilated design behind the IP `name` of the loaded overlay."""
        target = self._targets[name]
        if not isinstance(target, AcceleratorTarget):
            raise UserError(f"{name} is a model in Python, not a Verilated design.")
        return target.design

    def record_waves(self, path: Path | None) -> None:
        """Write waveforms of the next overlay's first design to `path` (FST)."""
        self._waves = path

    def unload(self) -> None:
        """Drop the loaded designs; waveform files are complete after this."""
        for target in self._targets.values():
            target.close()
        self._targets = {}

    # ---- what PYNQ calls

    def get_bitfile_metadata(self, bitfile_name: str, partial: bool = False) -> Any:
        parser = read_description(Path(bitfile_name).with_suffix(".hwh"))
        self.arch = ARCHITECTURES.get(parser.family_ps, self.arch)
        return parser

    def download(self, bitstream: Any, parser: Any = None) -> None:
        manifest = Path(bitstream.bitfile_name).with_name("overlay.json")
        if not manifest.is_file():
            raise UserError(
                f"{bitstream.bitfile_name} has no simulation: {manifest.name} is missing beside it. "
                "Overlays with one are written by edgemoe.sim.overlay.write_overlay."
            )
        simulations = json.loads(manifest.read_text())["simulations"]
        self.unload()
        self._reset_bus()
        controllers = self._attach_controllers(parser)
        for name, library in simulations.items():
            self._attach_design(name, manifest.parent / library, parser, controllers)
        for name, details in parser.interrupt_controllers.items():
            if name in controllers:
                line = InterruptLine(controllers[name], list(self._targets.values()))
                _InterruptController._uio_devices[details["raw_irq"]] = line
        self.post_download(bitstream, parser, self.name)

    def _attach_controllers(self, parser: Any) -> dict[str, InterruptController]:
        controllers = {}
        for name, description in parser.ip_dict.items():
            if description["type"].startswith(INTC):
                controllers[name] = InterruptController({})
                self._bus.attach(description["phys_addr"], description["addr_range"], controllers[name])
        return controllers

    def _attach_design(
        self, name: str, library: Path, parser: Any, controllers: dict[str, InterruptController]
    ) -> None:
        if name not in parser.ip_dict:
            raise UserError(f"The hardware description has no IP {name!r}, for which there is a simulation.")
        description = parser.ip_dict[name]
        target = self.models[name](self.arena) if name in self.models else self._verilated(name, library)
        self._targets[name] = target
        self._bus.attach(description["phys_addr"], description["addr_range"], target)
        pin = parser.interrupt_pins.get(f"{name}/interrupt")
        if pin and pin["controller"] in controllers:
            controllers[pin["controller"]].lines[pin["index"]] = lambda: target.interrupt

    def _verilated(self, name: str, library: Path) -> AcceleratorTarget:
        design = VerilatedDesign(library, self.arena, self.dram)
        if self._waves is not None:
            design.trace(self._waves)
            self._waves = None
        return AcceleratorTarget(name, design, self.wait_limit)

    def mmap(self, base_addr: int, length: int) -> RegisterWindow:
        return RegisterWindow(self._bus, base_addr, length // 4)

    def read_registers(self, address: int, length: int) -> bytes:
        return b"".join(self._bus.read(address + i).to_bytes(4, "little") for i in range(0, length, 4))

    def write_registers(self, address: int, data: bytes) -> None:
        for i in range(0, len(data), 4):
            self._bus.write(address + i, int.from_bytes(data[i : i + 4], "little"))

    @property
    def default_memory(self) -> SimulatedMemory:
        return self.memory

    def get_memory(self, description: Any) -> SimulatedMemory:
        return self.memory

    def get_memory_by_name(self, name: str) -> SimulatedMemory:
        return self.memory

    def get_memory_by_idx(self, idx: int) -> SimulatedMemory:
        return self.memory

    def flush(self, bo: int, offset: int, vaddr: int, nbytes: int) -> None:
        self.memory.flush(bo, offset, nbytes)

    def invalidate(self, bo: int, offset: int, vaddr: int, nbytes: int) -> None:
        self.memory.invalidate(bo, offset, nbytes)

    def gen_cache(self, bitstream: Any, parser: Any = None) -> None:
        """Nothing to cache: no state survives the process."""

    def set_axi_port_width(self, parser: Any) -> None:
        """Every port of the simulated memory is as wide as its master."""

    def insert_device_tree(self, abs_dtbo: str) -> None:
        """There is no operating system to tell."""

    def remove_device_tree(self, abs_dtbo: str) -> None:
        """There is no operating system to tell."""

    def close(self) -> None:
        """Called by old programs; the device lives as long as the process."""


def activate() -> SimulatedDevice:
    """Make the simulated board PYNQ's active device."""
    device = SimulatedDevice.instance()
    Device.active_device = device
    return device
