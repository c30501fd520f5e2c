# SPDX-License-Identifier: Apache-2.0
"""A `pynq.Device` whose programmable logic is simulated, so that programs for PYNQ run unchanged.

`Overlay("…/edgemoe.bit")` reads the hardware description beside it as on a board, and `overlay.json` tells
which simulation stands in for the bitstream. Interrupts need an AXI INTC in the design.
"""

import os
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from pynq.interrupt import _InterruptController
from pynq.pl_server.device import Device

from edgemoe.errors import UserError
from edgemoe.sim.arena import Arena
from edgemoe.sim.bus import AcceleratorTarget, Bus, InterruptController, RegisterFile, Simulated
from edgemoe.sim.description import read_description
from edgemoe.sim.interrupts import InterruptLine
from edgemoe.sim.memory import SimulatedMemory
from edgemoe.sim.overlay import read_simulations
from edgemoe.sim.verilated import DramConfig, VerilatedDesign
from edgemoe.sim.waves import check_wave_file
from edgemoe.sim.window import RegisterWindow

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
    private = True
    """Each process has a simulated board of its own; a real one is for one process at a time."""

    @classmethod
    def _probe_(cls) -> list["SimulatedDevice"]:
        return [cls.instance()]

    @classmethod
    def instance(cls) -> "SimulatedDevice":
        """The one simulated board of this process."""
        if cls._instance is None:
            cls._instance = cls()
            cls._instance._keep_whole_over_forks()
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
        self._controllers: dict[str, InterruptController] = {}
        self._lines: dict[int, InterruptLine] = {}
        self._waves: Path | None = None
        self._loading = threading.RLock()
        self._loaded: tuple[Any, str, str] | None = None
        self._bus = Bus()
        for base, values in PROCESSOR_REGISTERS.items():
            self._bus.attach(base, 0x1000, RegisterFile(values))
        # As PYNQ leaves them for other devices after the first overlay; it looks at them before, too.
        self.bitfile_name: str | None = None
        self.timestamp: str | None = None
        self.devicetree_dict: dict[str, Any] = {}
        self.clear_dict()

    def __reduce__(self) -> Any:
        raise TypeError(
            "The simulated board, its drivers and its registers cannot be copied or given to another process. "
            "Load the overlay in the process that uses it."
        )

    def _keep_whole_over_forks(self) -> None:
        """A fork waits for other threads' loading and allocating, which its child could never see the end of."""
        locks = (self._loading, self.arena.lock)

        def release() -> None:
            for lock in reversed(locks):
                lock.release()

        def acquire() -> None:
            for lock in locks:
                lock.acquire()

        os.register_at_fork(before=acquire, after_in_parent=release, after_in_child=release)

    # ---- for those who know that it is a simulation

    def design(self, name: str) -> VerilatedDesign:
        """The Verilated design behind the IP `name` of the loaded overlay."""
        if name not in self._targets:
            loaded = ", ".join(self._targets) or "none, since no overlay is loaded"
            raise UserError(f"There is no design {name!r} on the simulated board; there is {loaded}.")
        target = self._targets[name]
        if not isinstance(target, AcceleratorTarget):
            raise UserError(f"{name} is a model in Python, not a Verilated design.")
        return target.design

    def record_waves(self, path: Path | None) -> None:
        """Write waveforms of the next overlay's first design to `path` (FST); `UserError` if that cannot be."""
        if path is not None:
            check_wave_file(path)
        self._waves = path

    def unload(self, reason: str = "was unloaded") -> None:
        """Drop the loaded designs; waveform files are complete after this.

        Drivers and MMIOs of the overlay stay valid objects: they say `reason` ("a design that ...") when
        nothing answers at their addresses, and work on when the next overlay has something there.
        """
        with self._loading:
            for line in self._lines.values():
                line.connect(None)
            for controller in self._controllers.values():
                self._bus.detach(controller, reason)
            for target in self._targets.values():
                self._bus.detach(target, reason)
                target.close(reason)
            self._targets, self._controllers, self._loaded = {}, {}, None
            self.timestamp = None  # by which an Overlay knows whether it is loaded

    # ---- what PYNQ calls

    def set_bitfile_name(self, bitfile_name: str) -> None:
        before = self.bitfile_name
        try:
            super().set_bitfile_name(bitfile_name)
        except BaseException:
            self.bitfile_name = before
            raise

    def get_bitfile_metadata(self, bitfile_name: str, partial: bool = False) -> Any:
        parser = read_description(Path(bitfile_name).with_suffix(".hwh"))
        self.arch = ARCHITECTURES.get(parser.family_ps, self.arch)
        return parser

    def download(self, bitstream: Any, parser: Any = None) -> None:
        """Replace the loaded designs by the bitstream's; if that fails, they stay as they are."""
        with self._loading:
            self._download(Path(bitstream.bitfile_name), bitstream, parser)

    def _download(self, path: Path, bitstream: Any, parser: Any) -> None:
        try:
            if bitstream.partial:
                raise UserError(f"{path} is a partial bitstream; the simulated board takes whole ones only.")
            if parser is None:
                parser = self.get_bitfile_metadata(str(path))
            targets = self._make_targets(path, parser)
        except BaseException:
            if self._loaded:  # PYNQ has told the device of the new bitstream already
                self.reset(*self._loaded)
            raise
        self.unload(f"was replaced by {path.name}")
        self._connect(targets, parser)
        self._start_waves()
        self.post_download(bitstream, parser, self.name)
        self.parser = parser
        self._loaded = (parser, bitstream.timestamp, bitstream.bitfile_name)

    def _make_targets(self, path: Path, parser: Any) -> dict[str, Simulated]:
        targets: dict[str, Simulated] = {}
        try:
            for name, library in read_simulations(path).items():
                if name not in parser.ip_dict:
                    raise UserError(f"{path.with_suffix('.hwh')} has no IP {name!r}, which {path} simulates.")
                if name in self.models:
                    targets[name] = self.models[name](self.arena)
                    continue
                library.check()
                design = VerilatedDesign(library.path, self.arena, self.dram)
                targets[name] = AcceleratorTarget(name, design, self.wait_limit)
                if self._waves is not None:
                    design.check_waves()
        except BaseException:
            for target in targets.values():
                target.close("was never loaded")
            raise
        return targets

    def _start_waves(self) -> None:
        designs = [t.design for t in self._targets.values() if isinstance(t, AcceleratorTarget)]
        waves, self._waves = self._waves, None
        if waves is not None and designs:
            designs[0].trace(waves)

    def _connect(self, targets: dict[str, Simulated], parser: Any) -> None:
        """Give targets and interrupt controllers their addresses and lines."""
        self._targets = targets
        for name, block in parser.ip_dict.items():
            if name in targets:
                self._bus.attach(block["phys_addr"], block["addr_range"], targets[name])
            elif block["type"].startswith(INTC):
                self._controllers[name] = InterruptController({})
                self._bus.attach(block["phys_addr"], block["addr_range"], self._controllers[name])
        for pin, entry in parser.interrupt_pins.items():
            block, _, _ = pin.rpartition("/")
            if block in targets and entry["controller"] in self._controllers:
                lines = self._controllers[entry["controller"]].lines
                lines[entry["index"]] = partial(_interrupt, targets[block])
        for name, entry in parser.interrupt_controllers.items():
            if name in self._controllers and "raw_irq" in entry:
                line = self._lines.setdefault(entry["raw_irq"], InterruptLine())
                line.connect(self._controllers[name], list(targets.values()))
                _InterruptController._uio_devices[entry["raw_irq"]] = line

    @property
    def _bitfile_name(self) -> str:
        """What `Device.reset` looks for when it is given nothing."""
        return self.bitfile_name or ""

    def mmap(self, base_addr: int, length: int) -> RegisterWindow:
        if base_addr % 4:
            raise UserError(f"Registers lie at multiples of 4; {base_addr:#x} is none.")
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
        self.memory.flush(bo, vaddr, nbytes)

    def invalidate(self, bo: int, offset: int, vaddr: int, nbytes: int) -> None:
        self.memory.invalidate(bo, vaddr, nbytes)

    def shutdown(self) -> None:
        """No connection to logic needs to be shut before an overlay is loaded."""

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


def _interrupt(target: Simulated) -> bool:
    return target.interrupt


def activate() -> SimulatedDevice:
    """Make the simulated board PYNQ's active device."""
    device = SimulatedDevice.instance()
    Device.active_device = device
    return device
