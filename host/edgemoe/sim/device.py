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

from pynq.devicetree import get_dtbo_base_name
from pynq.interrupt import _InterruptController
from pynq.pl_server.device import Device

from edgemoe.errors import UserError
from edgemoe.sim.arena import SIZE, Arena, chosen_base
from edgemoe.sim.bus import AcceleratorTarget, Bus, InterruptController, MemoryWords, RegisterFile, Simulated
from edgemoe.sim.connections import stream_ends
from edgemoe.sim.description import read_description
from edgemoe.sim.dma import DMA_VLNV, DmaTarget, make_dma
from edgemoe.sim.interrupts import InterruptLine
from edgemoe.sim.memory import SimulatedMemory
from edgemoe.sim.overlay import read_simulations
from edgemoe.sim.processor import DEFAULT, FAMILIES, Family, complete_clocks, tell_pynq
from edgemoe.sim.together import Together
from edgemoe.sim.verilated import DramConfig, VerilatedDesign
from edgemoe.sim.waves import check_wave_file
from edgemoe.sim.window import RegisterWindow

INTC = "xilinx.com:ip:axi_intc:"
WHOLE_ONLY = "the simulated board takes whole ones only."


class SimulatedDevice(Device):
    """The simulated board. `design(name)` gives the Verilated design of an IP, for tests and counters."""

    # PYNQ probes subclasses in this order; 50 and 100 are taken by its own.
    _probe_priority_ = 10
    _instance: "SimulatedDevice | None" = None
    simulated = True
    """Each process has a board of its own, whose waits have their limits in cycles."""

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
        self._be(FAMILIES[DEFAULT])
        # As on a board, so that PYNQ takes the same paths.
        self.capabilities = {"MEMORY_MAPPED": True, "REGISTER_RW": False, "CALLABLE": False}
        self.wait_limit = 20_000_000
        """Cycles after which waiting for a design counts as an error."""
        self.dram = DramConfig()
        """Parameters of the simulated DRAM for the next download."""
        self._loading = threading.RLock()
        self._targets: dict[str, Simulated] = {}
        self._memory: SimulatedMemory | None = None
        self._words: MemoryWords | None = None
        self.models: dict[str, Callable[[Arena], Simulated]] = {}
        """Makers of models that stand in for the simulation of an IP, by its name; for tests."""
        self._controllers: dict[str, InterruptController] = {}
        self._lines: dict[int, InterruptLine] = {}
        self._waves: tuple[Path, str | None] | None = None
        self._loaded: tuple[Any, str, str] | None = None
        self._bus = Bus()
        for family in FAMILIES.values():
            for base, values in family.registers.items():
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

        def acquire() -> None:
            self._loading.acquire()  # first: the memory changes only under it
            if self._memory is not None:
                self._memory.arena.lock.acquire()

        def release() -> None:
            if self._memory is not None:
                self._memory.arena.lock.release()
            self._loading.release()

        os.register_at_fork(before=acquire, after_in_parent=release, after_in_child=release)

    # ---- for those who know that it is a simulation

    def design(self, name: str) -> VerilatedDesign:
        """The Verilated design behind the IP `name` of the loaded overlay."""
        if name not in self._targets:
            loaded = ", ".join(self._targets) or "none, since no overlay is loaded"
            raise UserError(f"There is no design {name!r} on the simulated board; there is {loaded}.")
        target = self._targets[name]
        if not isinstance(target, AcceleratorTarget):
            what = "a DMA" if isinstance(target, DmaTarget) else "a model in Python"
            raise UserError(f"{name} is {what}, not a Verilated design.")
        return target.design

    def place_memory(self, base: int, size: int = SIZE) -> None:
        """Let the board's memory be `size` bytes from address `base` on, above 4 GiB (`arena.HIGH`) for instance.

        `EDGEMOE_SIM_MEMORY` does the same for a program that knows of no simulation.

        Raises:
            UserError: there is no such memory; or an overlay is loaded or buffers are held, which know the old one.
        """
        with self._loading:
            held = self._memory.held if self._memory else 0
            if self._targets or held:
                raise UserError(
                    f"The simulated memory cannot move: {len(self._targets)} designs are loaded and "
                    f"{held} buffers held. Call unload() and free the buffers first."
                )
            strict = os.environ.get("EDGEMOE_SIM_STRICT", "1") != "0"
            arena = Arena(size, base)
            words = MemoryWords(arena.bytes)
            if self._words is not None:
                self._bus.detach(self._words, "was memory that has moved")
            self._bus.attach(base, size, words)
            self._memory, self._words = SimulatedMemory(self, arena, strict=strict), words

    @property
    def memory(self) -> SimulatedMemory:
        """What hands out buffers; made when it is first asked for."""
        with self._loading:
            if self._memory is None:
                self.place_memory(chosen_base())
            assert self._memory is not None
            return self._memory

    @property
    def arena(self) -> Arena:
        """The board's DRAM."""
        return self.memory.arena

    def record_waves(self, path: Path | None, design: str | None = None) -> None:
        """Write waveforms of the next overlay to `path` (FST); `UserError` if that cannot be.

        `design` is the IP to record; an overlay with several needs its name. Loading it fails if there is none such,
        or if its simulation was built without waveforms. Without `path` nothing is recorded.
        """
        if path is not None:
            check_wave_file(path)
        self._waves = None if path is None else (path, design)

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
        if partial:
            raise UserError(f"{bitfile_name} is a partial bitstream; {WHOLE_ONLY}")
        if Path(bitfile_name).suffix != ".bit":
            raise UserError(f"{bitfile_name}: Unknown file format; the simulated board loads .bit files.")
        path = Path(bitfile_name).with_suffix(".hwh")
        parser = read_description(path)
        if parser.family_ps not in FAMILIES:
            raise UserError(
                f"{path} is for a device with a {parser.family_ps}; the simulated board has {' or '.join(FAMILIES)}."
            )
        family = FAMILIES[parser.family_ps]
        complete_clocks(parser, family)
        parser.mem_dict[self.memory.desc["tag"]] = dict(self.memory.desc)
        self._be(family)
        return parser

    def _be(self, family: Family) -> None:
        if getattr(self, "arch", None) != family.architecture:
            self.arch = family.architecture
            tell_pynq(family)

    def download(self, bitstream: Any, parser: Any = None) -> None:
        """Replace the loaded designs by the bitstream's; if that fails, they stay as they are."""
        with self._loading:
            self._download(Path(bitstream.bitfile_name), bitstream, parser)

    def _download(self, path: Path, bitstream: Any, parser: Any) -> None:
        try:
            if bitstream.partial:
                raise UserError(f"{path} is a partial bitstream; {WHOLE_ONLY}")
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
        designs: dict[str, AcceleratorTarget] = {}
        try:
            for name, library in read_simulations(path).items():
                if name not in parser.ip_dict:
                    raise UserError(f"{path.with_suffix('.hwh')} has no IP {name!r}, which {path} simulates.")
                if name in self.models:
                    targets[name] = self.models[name](self.arena)
                    continue
                library.check()
                design = VerilatedDesign(library.path, self.arena, self.dram)
                registers = parser.ip_dict[name].get("registers") or {}
                writable = [r["address_offset"] for r in registers.values() if r["access"] == "read-write"]
                designs[name] = AcceleratorTarget(name, design, self.wait_limit, self.memory, writable)
                targets[name] = designs[name]
            together = Together(list(designs.values()))
            for target in designs.values():
                target.together = together
            targets |= self._make_dmas(path, parser, designs, together)
            if self._waves is not None:
                self._recorded(designs).design.check_waves()
        except BaseException:
            for made in targets.values():
                made.close("was never loaded")
            raise
        return targets

    def _make_dmas(
        self, path: Path, parser: Any, designs: dict[str, AcceleratorTarget], together: Together
    ) -> dict[str, Simulated]:
        blocks = {name: block for name, block in parser.ip_dict.items() if block["type"] == DMA_VLNV}
        ends = stream_ends(path.with_suffix(".hwh")) if blocks else {}
        return {
            name: make_dma(
                name,
                {key.lower(): value for key, value in block["parameters"].items()},
                ends,
                designs,
                together,
                self.wait_limit,
            )
            for name, block in blocks.items()
            if name not in self.models
        }

    def _recorded(self, designs: dict[str, AcceleratorTarget]) -> AcceleratorTarget:
        """The design whose waveforms were asked for."""
        assert self._waves is not None
        path, name = self._waves
        if name is None and len(designs) == 1:
            return next(iter(designs.values()))
        if name not in designs:
            asked = "which design to record was not said" if name is None else f"there is no design {name!r}"
            raise UserError(
                f"No waveforms can go to {path}: {asked}; the overlay simulates {', '.join(designs) or 'none'}."
            )
        return designs[name]

    def _start_waves(self) -> None:
        if self._waves is not None:
            designs = {n: t for n, t in self._targets.items() if isinstance(t, AcceleratorTarget)}
            self._recorded(designs).design.trace(self._waves[0])
            self._waves = None

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
            block, _, line_name = pin.rpartition("/")
            if block in targets and entry["controller"] in self._controllers:
                lines = self._controllers[entry["controller"]].lines
                lines[entry["index"]] = _level(targets[block], line_name)
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
        """There is no operating system to tell; it is noted in `devicetree_dict`, as on a board."""
        self.devicetree_dict[get_dtbo_base_name(abs_dtbo)] = abs_dtbo

    def remove_device_tree(self, abs_dtbo: str) -> None:
        """`KeyError` if it was not inserted, as on a board."""
        del self.devicetree_dict[get_dtbo_base_name(abs_dtbo)]

    def clear_devicetree(self) -> None:
        """There is no operating system to tell."""

    def close(self) -> None:
        """Called by old programs; the device lives as long as the process."""


def _level(target: Simulated, pin: str) -> Callable[[], bool]:
    """The level of an interrupt pin of `target`; all but a DMA have one."""
    if isinstance(target, DmaTarget):
        return target.lines.get(pin, _never)
    return partial(_interrupt, target)


def _interrupt(target: Simulated) -> bool:
    return target.interrupt


def _never() -> bool:
    return False


def activate() -> SimulatedDevice:
    """Make the simulated board PYNQ's active device."""
    device = SimulatedDevice.instance()
    Device.active_device = device
    return device
