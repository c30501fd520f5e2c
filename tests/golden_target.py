# SPDX-License-Identifier: Apache-2.0
"""The driver's partner in tests that need no RTL: the golden machine behind the accelerator's registers."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from edgemoe import sim
from edgemoe.config import WEIGHT_PORTS, BuildConfig, board
from edgemoe.errors import DeviceError
from edgemoe.golden import machine
from edgemoe.program import Memory
from edgemoe.registers import INPUTS, IP_NAME, OUTPUTS, Register, build_id, limits
from edgemoe.runtime.register_map import register_offsets
from edgemoe.sim.description import read_description
from edgemoe.sim.overlay import MANIFEST, PLACEHOLDER

DESCRIPTION = Path(__file__).resolve().parents[1] / "bitstreams" / "sim-small" / "edgemoe.hwh"

START, DONE, IDLE, READY = 1, 2, 4, 8


class GoldenTarget:
    """Registers of the accelerator in plain Python; a run takes `delay` cycles and then happens at once."""

    def __init__(self, build: BuildConfig, arena, delay: int = 20_000) -> None:
        self.build, self.arena, self.delay = build, arena, delay
        self.failure: DeviceError | None = None
        self.wait_limit = 10**7
        self.values: dict[int, int] = {}
        self.offsets = register_offsets(read_description(DESCRIPTION).ip_dict[IP_NAME])
        self.read_only = {self.offsets[register.name] for register in OUTPUTS}
        self.left: int | None = None
        self.done = False

    @property
    def interrupt(self) -> bool:
        return bool(self.values.get(0x04, 0) & 1 and self.values.get(0x0C, 0))

    def advance(self, cycles: int) -> None:
        if self.left is not None:
            self.left -= cycles
            if self.left <= 0:
                self.left = None
                self._run()

    def timeout(self, waiting: str) -> DeviceError:
        return DeviceError(f"the golden machine: {waiting}")

    def close(self, reason: str) -> None:
        self.left = None

    def read(self, offset: int) -> int:
        failure, self.failure = self.failure, None
        if failure is not None:
            raise failure
        self.advance(100)
        if offset == 0:
            value = START * (self.left is not None) | DONE * self.done | IDLE * (self.left is None)
            self.done = False
            return value
        return self.values.get(offset, 0)

    def write(self, offset: int, value: int) -> None:
        if offset == 0:
            assert self.left is None or not value & START, "started while a run was under way"
            self.left = self.delay if value & START else self.left
        elif offset == 0x0C:
            self.values[offset] = self.values.get(offset, 0) ^ value
        elif offset not in self.read_only:
            self.values[offset] = value

    def _argument(self, register: Register) -> int:
        offset = self.offsets[register.name]
        low = self.values.get(offset, 0)
        return low | self.values.get(offset + 4, 0) << 32 if register.bits == 64 else low

    def _run(self) -> None:
        given = {register.name: self._argument(register) for register in INPUTS}

        def region(name: str) -> bytes:
            size = given[f"{name}_bytes"]
            return self.arena.view(given[name], size).tobytes() if size else b""

        def weights() -> bytes:
            """The stripes, a word of each after the other."""
            size = given["weights_bytes"] // WEIGHT_PORTS
            places = [given[f"weights{i}"] for i in range(WEIGHT_PORTS)]
            stripes = [np.asarray(self.arena.view(place, size)) for place in places] if size else []
            words = [stripe.reshape(-1, self.build.weight_bus_bits // 8) for stripe in stripes]
            return np.stack(words, axis=1).tobytes() if words else b""

        memory = Memory(
            region("program"),
            weights(),
            region("image"),
            given["output_bytes"],
            given["statistics_bytes"],
        )
        result = machine.run(self.build, memory)
        if result.status == 0:
            self.arena.view(given["output"], given["output_bytes"])[:] = list(result.output)
        records = b"".join(record.pack() for record in result.records)
        if records:
            self.arena.view(given["statistics"], len(records))[:] = list(records)
        outputs = {"status": int(result.status), "error_index": result.error_index, "cycles": self.delay}
        outputs |= {"records": len(result.records), "build_id": build_id(self.build)}
        outputs |= {f"limits{i}": word for i, word in enumerate(limits(self.build))}
        for register in OUTPUTS:
            self.values[self.offsets[register.name]] = outputs[register.name]
        self.done = True
        if self.values.get(0x08, 0) & 1:
            self.values[0x0C] = 1


@contextmanager
def overlay_of(folder: Path, target: type[GoldenTarget] = GoldenTarget) -> Iterator[Path]:
    """An overlay of `sim-small` whose accelerator is the golden machine, or what is made of it."""
    unused = folder / "none.so"
    unused.touch()
    device = sim.activate()
    device.models[IP_NAME] = lambda arena: target(board("sim-small"), arena)
    bitstream = folder / "edgemoe.bit"
    bitstream.write_text(PLACEHOLDER)
    bitstream.with_suffix(".hwh").write_text(DESCRIPTION.read_text())
    simulation = {"library": unused.name, "sha256": ""}  # never looked at: the model stands in for it
    (folder / MANIFEST).write_text(json.dumps({"simulations": {IP_NAME: simulation}}))
    yield bitstream
    device.unload()
    del device.models[IP_NAME]
