# SPDX-License-Identifier: Apache-2.0
"""PYNQ's own DMA driver, unchanged, and the registers under it, on kernels with streams."""

import asyncio
import random
import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pynq
import pynq.lib.dma
import pytest

from edgemoe import sim
from edgemoe.errors import DeviceError, UserError
from edgemoe.sim.dram import DramConfig

MM2S_CR, MM2S_SR, MM2S_SA, MM2S_MSB, MM2S_LENGTH = 0x00, 0x04, 0x18, 0x1C, 0x28
S2MM_CR, S2MM_SR, S2MM_DA, S2MM_MSB, S2MM_LENGTH = 0x30, 0x34, 0x48, 0x4C, 0x58


@pytest.fixture
def overlay(streams_overlay: Path) -> Iterator[pynq.Overlay]:
    """The freshly loaded overlay with a short limit on waits."""
    device = sim.activate()
    before, device.wait_limit = device.wait_limit, 50_000
    yield pynq.Overlay(str(streams_overlay))
    device.wait_limit, device.dram = before, DramConfig()
    device.unload()


def start_scale(overlay: pynq.Overlay, count: int, *, skip: int = 0, gain: int = 3) -> None:
    registers = overlay.scale_0.register_map
    registers.count, registers.skip, registers.gain = count, skip, gain
    registers.CTRL.AP_START = 1


def words(count: int, seed: int) -> pynq.buffer.PynqBuffer:
    buffer = pynq.allocate(count, np.uint32)
    buffer[:] = np.random.default_rng(seed).integers(0, 1 << 32, count, dtype=np.uint32)
    return buffer


# ---- data


@pytest.mark.parametrize("seed", range(8))
def test_transfers_of_random_lengths(streams_overlay: Path, seed: int) -> None:
    """Any length, any order of the two transfers and the start, any memory: the same data, not a byte beside it."""
    rng = random.Random(seed)
    device = sim.activate()
    stall = rng.choice((0, 0, 30, 80))
    device.dram = DramConfig(latency=rng.randint(1, 90), stall_percent=stall, seed=seed)
    overlay = pynq.Overlay(str(streams_overlay))
    dma = overlay.axi_dma_0
    for _ in range(5):
        count = rng.choice((1, 2, 3, 15, 16, 17, 1024, rng.randint(1, 5000)))
        room = count + rng.randint(0, 40)
        at = rng.randint(0, 1200)
        source, target = words(count + at, seed), pynq.allocate(room + at, np.uint32)
        target[:] = 0xA5A5A5A5
        target.flush()
        steps = [
            partial(dma.sendchannel.transfer, source, start=4 * at, nbytes=4 * count),
            partial(dma.recvchannel.transfer, target, start=4 * at, nbytes=4 * room),
            partial(start_scale, overlay, count),
        ]
        rng.shuffle(steps)
        for step in steps:
            step()
        waits = [dma.sendchannel.wait, dma.recvchannel.wait]
        rng.shuffle(waits)
        for wait in waits:
            wait()
        assert dma.sendchannel.transferred == dma.recvchannel.transferred == 4 * count
        target.invalidate()
        assert np.array_equal(target[at : at + count], source[at:] * np.uint32(3))
        assert np.all(target[:at] == 0xA5A5A5A5) and np.all(target[at + count :] == 0xA5A5A5A5)
    assert device.design("scale_0").violations() == (0, [])
    device.dram = DramConfig()
    device.unload()


def test_send_only(overlay: pynq.Overlay) -> None:
    """Bytes of a stream of 8 bits, through a memory port of 32."""
    dma, total = overlay.axi_dma_1, overlay.total_0
    assert dma.recvchannel is None
    for count in (1, 3, 4, 257):
        data = pynq.allocate(count, np.uint8)
        data[:] = np.random.default_rng(count).integers(0, 256, count)
        total.register_map.count = count
        total.register_map.CTRL.AP_START = 1
        dma.sendchannel.transfer(data)
        dma.sendchannel.wait()
        while not total.register_map.CTRL.AP_DONE:
            pass
        assert int(total.register_map.sum) == int(data.sum(dtype=int))


@pytest.mark.slow
def test_receive_only(more_streams_overlay: Path) -> None:
    """Elements of 65 bits lie in 16 bytes each, zeros above them."""
    sim.activate()
    overlay = pynq.Overlay(str(more_streams_overlay))
    dma, ramp = overlay.axi_dma_0, overlay.ramp_0
    assert dma.sendchannel is None
    for count in (1, 2, 100):
        out = pynq.allocate((count, 4), np.uint32)
        dma.recvchannel.transfer(out)
        ramp.register_map.first, ramp.register_map.count = 0xFFFFFFF0, count
        ramp.register_map.CTRL.AP_START = 1
        dma.recvchannel.wait()
        expected = (0xFFFFFFF0 + np.arange(count)) & 0xFFFFFFFF
        assert np.array_equal(out[:, 0], expected)
        assert np.all(out[:, 2] == 1) and not out[:, 3].any()
    with pytest.raises(RuntimeError, match="aligned"):
        dma.recvchannel.transfer(out, start=4)
    sim.activate().unload()


@pytest.mark.slow
def test_two_streams_each_way(more_streams_overlay: Path) -> None:
    sim.activate()
    overlay = pynq.Overlay(str(more_streams_overlay))
    first, second, butterfly = overlay.axi_dma_1, overlay.axi_dma_2, overlay.butterfly_0
    a, b, total, difference = (pynq.allocate(300, np.int16) for _ in range(4))
    a[:], b[:] = np.arange(300), 7 * np.arange(300)
    butterfly.register_map.count = 300
    butterfly.register_map.CTRL.AP_START = 1
    for dma, source, target in ((first, a, total), (second, b, difference)):
        dma.recvchannel.transfer(target)
        dma.sendchannel.transfer(source)
    for dma in (second, first):
        dma.sendchannel.wait()
        dma.recvchannel.wait()
    assert np.array_equal(total, a + b) and np.array_equal(difference, a - b)
    sim.activate().unload()


def test_by_interrupt(overlay: pynq.Overlay) -> None:
    dma, source, target = overlay.axi_dma_0, words(700, 1), pynq.allocate(700, np.uint32)

    async def runs() -> None:
        for count in (700, 1, 33):
            dma.recvchannel.transfer(target, nbytes=4 * count)
            dma.sendchannel.transfer(source, nbytes=4 * count)
            start_scale(overlay, count)
            await asyncio.gather(dma.recvchannel.wait_async(), dma.sendchannel.wait_async())
            assert dma.recvchannel.transferred == 4 * count
            assert np.array_equal(target[:count], source[:count] * np.uint32(3))
            assert dma.mmio.read(MM2S_SR) & 0x1000 == dma.mmio.read(S2MM_SR) & 0x1000 == 0

    asyncio.run(asyncio.wait_for(runs(), 60))


def test_packets_end_with_the_run(overlay: pynq.Overlay) -> None:
    """A run's elements are a packet: shorter than the buffer ends early, none at all ends nothing."""
    dma, source, target = overlay.axi_dma_0, words(64, 2), pynq.allocate(64, np.uint32)
    dma.recvchannel.transfer(target)
    for count, skip in ((5, 5), (9, 7)):  # the first run writes nothing
        dma.sendchannel.transfer(source, nbytes=4 * count)
        start_scale(overlay, count, skip=skip)
        dma.sendchannel.wait()
        while not overlay.scale_0.register_map.CTRL.AP_DONE:
            pass
    dma.recvchannel.wait()
    assert dma.recvchannel.transferred == dma.mmio.read(S2MM_LENGTH) == 8
    assert np.array_equal(target[:2], source[7:9] * np.uint32(3))


def test_a_long_packet_is_an_internal_error(overlay: pynq.Overlay) -> None:
    """What fits is written; a reset of the DMA makes it usable again, and the stream goes on where it was."""
    dma, source, target = overlay.axi_dma_0, words(64, 3), pynq.allocate(64, np.uint32)
    target[:] = 0
    target.flush()
    dma.recvchannel.transfer(target, nbytes=40)
    dma.sendchannel.transfer(source, nbytes=80)
    start_scale(overlay, 20)
    with pytest.raises(RuntimeError, match="DMA Internal Error"):
        dma.recvchannel.wait()
    while dma.recvchannel.running:
        pass
    assert dma.mmio.read(S2MM_SR) & 0x4011 == 0x4011
    target.invalidate()
    assert np.array_equal(target[:10], source[:10] * np.uint32(3)) and not target[10:].any()
    dma.mmio.write(S2MM_CR, 4)
    assert dma.mmio.read(S2MM_SR) == dma.mmio.read(MM2S_SR) == 1
    dma.recvchannel.start()
    dma.sendchannel.start()
    dma.recvchannel.transfer(target)
    dma.recvchannel.wait()
    assert dma.recvchannel.transferred == 40
    assert np.array_equal(target[:10], source[10:20] * np.uint32(3))


# ---- registers


def test_registers(overlay: pynq.Overlay) -> None:
    """As PG021 has them: after reset, running, after a transfer."""
    mmio, source = overlay.axi_dma_0.mmio, words(4, 4)
    mmio.write(MM2S_CR, 4)
    assert [mmio.read(at) for at in (MM2S_CR, MM2S_SR, MM2S_SA, MM2S_LENGTH)] == [0x10002, 1, 0, 0]
    assert [mmio.read(at) for at in (S2MM_CR, S2MM_SR, S2MM_DA, S2MM_LENGTH)] == [0x10002, 1, 0, 0]
    mmio.write(MM2S_CR, 0x1001)
    assert mmio.read(MM2S_CR) == 0x11003 and mmio.read(MM2S_SR) == 0  # not idle before the first transfer
    source.flush()
    mmio.write(MM2S_SA, source.device_address)
    mmio.write(MM2S_MSB, source.device_address >> 32)
    mmio.write(MM2S_LENGTH, 0)
    assert mmio.read(MM2S_SR) == 0
    mmio.write(MM2S_LENGTH, 16)
    assert mmio.read(MM2S_SR) == 0 and mmio.read(MM2S_LENGTH) == 16
    start_scale(overlay, 4, skip=4)
    while not mmio.read(MM2S_SR) & 2:
        pass
    assert mmio.read(MM2S_SR) == 0x1002
    mmio.write(MM2S_SR, 0x1000)
    assert mmio.read(MM2S_SR) == 2
    mmio.write(MM2S_CR, 0)
    assert mmio.read(MM2S_SR) == 1 and mmio.read(MM2S_CR) & 1 == 0
    assert mmio.read(0x08) == mmio.read(0x2C) == 0


def test_stop_ends_a_transfer(overlay: pynq.Overlay) -> None:
    """Stopped in the middle, with the memory under way; what comes next is whole."""
    dma, source, target = overlay.axi_dma_0, words(4000, 5), pynq.allocate(4000, np.uint32)
    dma.sendchannel.transfer(source)
    dma.recvchannel.transfer(target)
    dma.sendchannel.stop()
    dma.recvchannel.stop()
    assert not dma.sendchannel.running and not dma.recvchannel.running
    with pytest.raises(RuntimeError, match="DMA channel not started"):
        dma.sendchannel.transfer(source)
    overlay.download()
    dma = overlay.axi_dma_0
    dma.sendchannel.start()
    dma.recvchannel.start()
    dma.sendchannel.transfer(source)
    dma.recvchannel.transfer(target)
    start_scale(overlay, 4000)
    dma.recvchannel.wait()
    assert np.array_equal(target, source * np.uint32(3))


@pytest.mark.parametrize(("response", "bit", "name"), [(2, 0x20, "Slave"), (3, 0x40, "Decode")])
def test_errors_of_the_memory(overlay: pynq.Overlay, response: int, bit: int, name: str) -> None:
    dma, source, target = overlay.axi_dma_0, words(64, 6), pynq.allocate(64, np.uint32)
    design = sim.activate().design("scale_0")
    for channel, buffer, access, status in (
        (dma.sendchannel, source, "read", MM2S_SR),
        (dma.recvchannel, target, "write", S2MM_SR),
    ):
        design.add_fault(buffer.device_address, buffer.device_address + 255, access=access, response=response)
        channel.transfer(buffer)
        if channel is dma.recvchannel:
            design.clear_faults()
            design.add_fault(
                target.device_address, target.device_address + 255, access="write", response=response
            )
            dma.sendchannel.transfer(source)
            start_scale(overlay, 64)
        with pytest.raises(RuntimeError, match=f"DMA {name} Error"):
            channel.wait()
        assert dma.mmio.read(status) & bit
        dma.mmio.write(MM2S_CR, 4)
        dma.sendchannel.start()
        dma.recvchannel.start()
        design.clear_faults()


def test_an_address_outside_the_memory(overlay: pynq.Overlay) -> None:
    mmio = overlay.axi_dma_0.mmio
    mmio.write(MM2S_SA, 0x1000)
    mmio.write(MM2S_MSB, 0x77)
    mmio.write(MM2S_LENGTH, 16)
    with pytest.raises(RuntimeError, match="DMA Decode Error"):
        overlay.axi_dma_0.sendchannel.wait()


@pytest.mark.parametrize(
    ("dma", "register", "address", "length", "words_"),
    [
        (0, MM2S_LENGTH, 2, 8, r"without realignment \(DRE\) the address is a multiple of 4"),
        (0, S2MM_LENGTH, 1, 8, r"without realignment \(DRE\) the address is a multiple of 4"),
        (0, MM2S_LENGTH, 0, 6, "an element of s_axis_x takes 4 bytes"),
        (0, MM2S_LENGTH, 0, 1 << 26, "its length register has 26 bits"),
    ],
)
def test_what_hardware_would_do_wrong_in_silence(
    overlay: pynq.Overlay, dma: int, register: int, address: int, length: int, words_: str
) -> None:
    mmio = getattr(overlay, f"axi_dma_{dma}").mmio
    at = pynq.allocate(16).device_address + address
    mmio.write(register - 0x10, at)
    mmio.write(register - 0x0C, at >> 32)
    with pytest.raises(UserError, match=rf"no transfer of {length} bytes at .*: {words_}"):
        mmio.write(register, length)
    assert not mmio.read(register - 0x24) & 2


def test_transfers_that_cannot_be(overlay: pynq.Overlay) -> None:
    """Two at a time, or while halted: PYNQ refuses them, and so does the register."""
    dma, source = overlay.axi_dma_0, words(16, 7)
    dma.sendchannel.transfer(source)
    with pytest.raises(RuntimeError, match="not idle"):
        dma.sendchannel.transfer(source)
    with pytest.raises(UserError, match="one of 64 bytes is under way"):
        dma.mmio.write(MM2S_LENGTH, 64)
    dma.recvchannel.stop()
    with pytest.raises(UserError, match="it is halted"):
        dma.mmio.write(S2MM_LENGTH, 64)
    with pytest.raises(UserError, match="keyhole"):
        dma.mmio.write(MM2S_CR, 9)


# ---- waits


def test_waits_have_limits_and_say_what_for(overlay: pynq.Overlay) -> None:
    """A kernel that was never started, one that has ended, and one that still runs."""
    dma, source, target = overlay.axi_dma_0, words(100, 8), pynq.allocate(100, np.uint32)
    dma.sendchannel.transfer(source)
    dma.recvchannel.transfer(target)
    with pytest.raises(DeviceError) as failure:
        dma.sendchannel.wait()
    assert re.search(
        r"axi_dma_0 did not finish.*\n"
        r"axi_dma_0.sendchannel \(to s_axis_x of scale_0\): \d+ of 400 bytes moved; s_axis_x takes no more data "
        r"\(TREADY is low\): scale_0 was never started\n"
        r"axi_dma_0.recvchannel \(from m_axis_y of scale_0\): 0 of 400 bytes at most moved; m_axis_y has no data "
        r"\(TVALID is low\): scale_0 was never started",
        str(failure.value),
    )
    start_scale(overlay, 50, skip=50)
    with pytest.raises(DeviceError, match=r"m_axis_y has no data .*: scale_0 is idle, after 1 starts"):
        dma.recvchannel.wait()
    start_scale(overlay, 60, skip=0)
    with pytest.raises(DeviceError, match=r"\d+ of 400 .*has not ended \(no TLAST yet\): scale_0 is running"):
        dma.recvchannel.wait()
    dma.sendchannel.wait()
    dma.sendchannel.transfer(source)
    dma.recvchannel.wait()
    assert dma.recvchannel.transferred == 240


def test_a_wait_for_an_interrupt_has_a_limit_too(overlay: pynq.Overlay) -> None:
    dma, target = overlay.axi_dma_0, pynq.allocate(100, np.uint32)
    dma.recvchannel.transfer(target)
    with pytest.raises(DeviceError, match=r"(?s)wait for an interrupt went on.*scale_0 was never started"):
        asyncio.run(asyncio.wait_for(dma.recvchannel.wait_async(), 60))
    assert overlay.total_0.read(0) == 4  # it is said once


def test_a_diagnosis_keeps_the_done_of_a_kernel(overlay: pynq.Overlay) -> None:
    """It looks at CTRL, whose read clears AP_DONE; the program must see it all the same."""
    dma, source = overlay.axi_dma_0, words(4, 9)
    dma.sendchannel.transfer(source)
    start_scale(overlay, 4, skip=4)
    dma.recvchannel.transfer(pynq.allocate(4, np.uint32))
    with pytest.raises(DeviceError, match="scale_0 is idle"):
        dma.recvchannel.wait()
    assert overlay.scale_0.read(0) & 2
    assert not overlay.scale_0.read(0) & 2


def test_a_length_of_zero(overlay: pynq.Overlay) -> None:
    overlay.axi_dma_0.mmio.write(MM2S_LENGTH, 0)
    with pytest.raises(DeviceError, match="a length of 0 bytes starts none"):
        overlay.axi_dma_0.sendchannel.wait()


# ---- memory and time


def test_a_forgotten_flush_is_the_dmas(overlay: pynq.Overlay) -> None:
    """PYNQ's driver flushes; registers alone do not. What a beat holds beside the transfer does not count."""
    dma, data = overlay.axi_dma_1, pynq.allocate(64, np.uint8)
    data[:] = np.arange(64)
    overlay.total_0.register_map.count = 9
    overlay.total_0.register_map.CTRL.AP_START = 1
    data[:9].flush()  # bytes 9 to 11 come with the last beat
    dma.mmio.write(MM2S_SA, data.device_address)
    dma.mmio.write(MM2S_MSB, data.device_address >> 32)
    dma.mmio.write(MM2S_LENGTH, 9)
    while not dma.mmio.read(MM2S_SR) & 2:
        pass
    dma.mmio.write(MM2S_LENGTH, 20)
    with pytest.raises(DeviceError, match=r"axi_dma_1\.sendchannel read memory .* not flushed .*, byte 9 of"):
        while not dma.mmio.read(MM2S_SR) & 2:
            pass
    overlay.total_0.register_map.CTRL.AP_START = 1
    dma.sendchannel.transfer(data, nbytes=9)  # usable as before
    dma.sendchannel.wait()


def test_the_traffic_is_counted(overlay: pynq.Overlay) -> None:
    dma, source, target = overlay.axi_dma_0, words(1000, 10), pynq.allocate(1000, np.uint32)
    dma.sendchannel.transfer(source)
    dma.recvchannel.transfer(target)
    start_scale(overlay, 1000)
    dma.recvchannel.wait()
    counters = sim.activate().design("scale_0").counters()
    send, receive = counters["axi_dma_0.mm2s"], counters["axi_dma_0.s2mm"]
    assert send.read_bytes == receive.write_bytes == 4000
    assert send.read_bursts == receive.write_bursts == -(-1000 // 16)


def test_time_does_not_depend_on_what_ran_before(overlay: pynq.Overlay) -> None:
    """The same run takes the same cycles: about two for each element, which crosses the memory's port twice."""
    dma, source, target = overlay.axi_dma_0, words(4000, 11), pynq.allocate(4000, np.uint32)
    design, took = sim.activate().design("scale_0"), []
    for run in range(3):
        design.run(1 + 777 * run)
        dma.recvchannel.transfer(target)
        dma.sendchannel.transfer(source)
        start_scale(overlay, 4000)
        began = design.cycle
        while not design.interrupt and not dma.mmio.read(S2MM_SR) & 2:
            pass
        took.append(design.cycle - began)
    assert len(set(took)) == 1, took
    assert 8000 < took[0] < 12000
