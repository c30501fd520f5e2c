# SPDX-License-Identifier: Apache-2.0
"""Filters noise with `fir`, and with `fir_stream` where the overlay has it. The program knows PYNQ only.

On the simulated board: python -m edgemoe.sim filter_noise.py OVERLAY.bit [SAMPLES]
"""

import sys

import numpy as np
import pynq.lib.dma
from pynq import Overlay, allocate

TAPS = [615, 2459, 5368, 7942, 7942, 5368, 2459, 615]


def filtered(samples):
    """What the kernels compute, by NumPy."""
    return np.convolve(samples.astype(np.int64), TAPS)[: len(samples)] >> 15


def through_memory(fir, source, target):
    """The kernel `fir` fetches the samples itself."""
    source.flush()
    registers = fir.register_map
    registers.x_1, registers.x_2 = source.device_address & 0xFFFFFFFF, source.device_address >> 32
    registers.y_1, registers.y_2 = target.device_address & 0xFFFFFFFF, target.device_address >> 32
    registers.count = len(source)
    registers.CTRL.AP_START = 1
    while not registers.CTRL.AP_DONE:
        pass
    target.invalidate()


def through_streams(fir, dma, source, target):
    """A DMA brings the samples to `fir_stream` and takes the results away."""
    fir.register_map.count = len(source)
    fir.register_map.CTRL.AP_START = 1
    dma.recvchannel.transfer(target)
    dma.sendchannel.transfer(source)
    dma.sendchannel.wait()
    dma.recvchannel.wait()


def main():
    overlay = Overlay(sys.argv[1])
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 1000
    source, target = allocate(count, np.int32), allocate(count, np.int32)
    source[:] = np.random.default_rng(1).integers(-(2**31), 2**31, count)
    expected = filtered(np.array(source))

    through_memory(overlay.fir_0, source, target)
    assert np.array_equal(target, expected)
    assert int(overlay.fir_0.register_map.last.last) == int(expected[-1]) & 0xFFFFFFFF
    print("memory: as NumPy computes it")

    if "fir_stream_0" not in overlay.ip_dict:  # an overlay of `fir` alone
        return
    target[:] = 0
    target.flush()
    assert isinstance(overlay.axi_dma_0, pynq.lib.dma.DMA)
    through_streams(overlay.fir_stream_0, overlay.axi_dma_0, source, target)
    assert np.array_equal(target, expected)
    print("streams: as NumPy computes it")


if __name__ == "__main__":
    main()
