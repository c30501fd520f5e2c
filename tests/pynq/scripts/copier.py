# SPDX-License-Identifier: Apache-2.0
"""A program for a small kernel, with PYNQ's own API only: `copier.py OVERLAY poll|interrupt`. It runs on a board."""

import asyncio
import sys

import numpy as np
from pynq import MMIO, Clocks, DefaultIP, Overlay, allocate


class Copier(DefaultIP):
    """dst = src + delta, in lanes of 32 bits."""

    bindto = ["tests:hls:copier:1.0"]  # noqa: RUF012 - the form that PYNQ documents

    def start(self, source, destination, delta):
        registers = self.register_map
        registers.src_1, registers.src_2 = source.device_address & 0xFFFFFFFF, source.device_address >> 32
        self.write(0x1C, destination.device_address & 0xFFFFFFFF)
        self.write(0x20, destination.device_address >> 32)
        registers.beats, registers.delta = source.nbytes // 16, delta
        registers.GIER.Enable = 1
        registers.IP_IER.CHAN0_INT_EN = 1
        registers.CTRL.AP_START = 1

    def poll(self):
        while not self.register_map.CTRL.AP_DONE:
            pass

    async def wait(self):
        while not self.register_map.CTRL.AP_IDLE:
            await self.interrupt.wait()
        self.register_map.IP_ISR = 1


async def run(copier, how):
    for delta in (5, 6):
        with allocate((3, 100), np.uint32) as source, allocate((3, 100), np.uint32) as destination:
            source[:] = np.arange(300).reshape(3, 100)
            source.flush()
            copier.start(source, destination, delta)
            if how == "poll":
                copier.poll()
            else:
                await copier.wait()
            destination.invalidate()
            print("equal", np.array_equal(destination, source + np.uint32(delta)))


overlay = Overlay(sys.argv[1])
copier = overlay.copier_0
print(type(copier).__name__, overlay.is_loaded(), f"{Clocks.fclk0_mhz:.0f} MHz")
asyncio.run(run(copier, sys.argv[2]))
print("beats", MMIO(overlay.ip_dict["copier_0"]["phys_addr"], 0x100).read(0x28))
