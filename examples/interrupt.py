# SPDX-License-Identifier: Apache-2.0
"""The interrupt with PYNQ alone: asyncio waits for the end of a start while something else goes on."""

import asyncio
import sys

from pynq import DefaultIP, Overlay

overlay = Overlay(sys.argv[1] if len(sys.argv) > 1 else "build/overlay/sim-small/edgemoe.bit")
ip = DefaultIP(overlay.ip_dict["accelerator"])


async def run():
    """Start without a program, which ends at once with a refusal, and wait for the interrupt."""
    ip.register_map.GIER.Enable = 1
    ip.register_map.IP_IER.CHAN0_INT_EN = 1
    ip.register_map.program_bytes = 0
    ip.register_map.CTRL.AP_START = 1
    while not ip.register_map.CTRL.AP_IDLE:
        await ip.interrupt.wait()
    ip.register_map.IP_ISR = 1  # writing a 1 clears it
    return int(ip.register_map.status)


async def main():
    """The run, beside another task."""
    status, _ = await asyncio.wait_for(asyncio.gather(run(), asyncio.sleep(0.1)), 60)
    print("ended by interrupt, status", status)


asyncio.run(main())
