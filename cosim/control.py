# SPDX-License-Identifier: Apache-2.0
"""Control of a design over AXI4-Lite, through the master of the cocotbext-axi package with random pauses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from cocotbext.axi import AxiLiteBus, AxiLiteMaster

CONTROL, START, DONE = 0x00, 1, 2


class AxiLiteControl:
    """``registers`` is the list of the same name in report.json: name, offset, width, writable."""

    def __init__(
        self, dut: Any, prefix: str, registers: list[dict[str, Any]], stall: Callable[[], Any]
    ) -> None:
        def pauses() -> Iterator[bool]:
            stalled = stall()
            while True:
                yield stalled()

        bus = AxiLiteBus.from_prefix(dut, f"{prefix}s_axi_control", case_insensitive=True)
        self.master = AxiLiteMaster(bus, dut.ap_clk, dut.ap_rst_n, reset_active_level=False)
        write, read = self.master.write_if, self.master.read_if
        for channel in (write.aw_channel, write.w_channel, write.b_channel, read.ar_channel, read.r_channel):
            channel.set_pause_generator(pauses())
        self.registers = {register["name"]: register for register in registers}

    async def call(self, scalars: dict[str, int]) -> None:
        """Writes the arguments, starts the design and waits until it says that it is done."""
        for name, value in scalars.items():
            register = self.registers[name]
            for word in range(-(-register["width"] // 32)):
                part = value >> 32 * word & 0xFFFFFFFF
                await self.master.write(register["offset"] + 4 * word, part.to_bytes(4, "little"))
        await self.master.write(CONTROL, START.to_bytes(4, "little"))
        while not int.from_bytes((await self.master.read(CONTROL, 4)).data, "little") & DONE:
            pass

    async def output(self, name: str) -> int:
        """An output scalar."""
        register = self.registers[name]
        size = -(-register["width"] // 32) * 4
        return int.from_bytes((await self.master.read(register["offset"], size)).data, "little")
