# SPDX-License-Identifier: Apache-2.0
"""A program for kernels with streams, with PYNQ's own API only: `dma.py OVERLAY poll|interrupt`. It runs on a board."""

import asyncio
import sys

import numpy as np
import pynq.lib.dma  # the driver of AXI DMAs
from pynq import Overlay, allocate


async def move(overlay, source, target, count, how):
    """scale_0 reads `count` words from `source` and writes three times each to `target`."""
    dma, registers = overlay.axi_dma_0, overlay.scale_0.register_map
    registers.count, registers.skip, registers.gain = count, 0, 3
    registers.CTRL.AP_START = 1
    dma.recvchannel.transfer(target)
    dma.sendchannel.transfer(source, nbytes=4 * count)
    if how == "poll":
        dma.sendchannel.wait()
        dma.recvchannel.wait()
    else:
        await asyncio.gather(dma.sendchannel.wait_async(), dma.recvchannel.wait_async())
    return dma.recvchannel.transferred


async def main(bitstream, how):
    overlay = Overlay(bitstream)
    assert isinstance(overlay.axi_dma_0, pynq.lib.dma.DMA)
    with allocate(1000, np.uint32) as source, allocate(1000, np.uint32) as target:
        source[:] = np.arange(1000)
        for count in (1000, 1):
            moved = await move(overlay, source, target, count, how)
            print(f"{moved} bytes, equal {np.array_equal(target[:count], source[:count] * 3)}")
    total = overlay.total_0.register_map
    with allocate(100, np.uint8) as data:
        data[:] = 2
        total.count = data.size
        total.CTRL.AP_START = 1
        channel = overlay.axi_dma_1.sendchannel
        channel.transfer(data)
        if how == "poll":
            channel.wait()
        else:
            await channel.wait_async()
        while not total.CTRL.AP_IDLE:
            pass
        print("sum", int(total.sum) == 200)


asyncio.run(main(*sys.argv[1:]))
