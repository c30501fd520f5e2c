# SPDX-License-Identifier: Apache-2.0
"""Buffers: freed twice, used afterwards, dropped anywhere, of sizes that cannot be."""

import gc
import random
import threading

import numpy as np
import pytest
from pynq.buffer import PynqBuffer

from edgemoe import sim
from edgemoe.errors import DeviceError, UserError
from edgemoe.sim.arena import Arena
from edgemoe.sim.memory import SimulatedMemory


@pytest.fixture(params=[True, False], ids=["strict", "shared"])
def memory(request: pytest.FixtureRequest, arena: Arena) -> SimulatedMemory:
    """Memory of a board that is not the active one: the device takes a buffer's calls to `memory`."""

    class Board:
        def flush(self, bo: int, offset: int, vaddr: int, nbytes: int) -> None:
            memory.flush(bo, vaddr, nbytes)

        def invalidate(self, bo: int, offset: int, vaddr: int, nbytes: int) -> None:
            memory.invalidate(bo, vaddr, nbytes)

    memory = SimulatedMemory(Board(), arena, strict=request.param)
    return memory


def test_a_freed_buffer_says_so_and_harms_no_other(memory: SimulatedMemory, arena: Arena) -> None:
    """Its address is given to the next buffer; what is left of the old one must not reach it."""
    old = memory.allocate(100)
    view = old[10:20]
    address = old.device_address
    old.freebuffer()
    old.freebuffer()
    new = memory.allocate(100)
    assert new.device_address == address
    new[:] = 7
    new.flush()
    for buffer in (old, view):
        for use in (buffer.flush, buffer.invalidate, buffer.sync_to_device):
            with pytest.raises(DeviceError, match="was freed"):
                use()
    assert view.sum() is not None  # the processor's side stays readable
    assert np.all(arena.view(address, 400).view(np.uint32) == 7)
    del old, view
    gc.collect()
    assert memory.held == 1


def test_a_view_keeps_its_buffer(memory: SimulatedMemory, arena: Arena) -> None:
    view = memory.allocate((4, 100))[2]
    gc.collect()
    view[:] = 9
    view.flush()
    assert np.all(arena.view(view.device_address, 400).view(np.uint32) == 9)
    assert memory.held == 1
    del view
    assert memory.held == 0


def test_results_of_computations_are_no_buffers(memory: SimulatedMemory) -> None:
    """They are PynqBuffers by type; flushing one would write somewhere else."""
    buffer = memory.allocate(100)
    for other in (buffer + 1, buffer.copy(), np.zeros_like(buffer), buffer[::-1]):
        assert isinstance(other, PynqBuffer)
        with pytest.raises(DeviceError, match="not a part of its buffer"):
            other.flush()


@pytest.mark.parametrize(
    ("shape", "dtype"),
    [
        (-1, "u4"),
        ((2, -3), "u4"),
        (2.5, "u4"),
        ("8", "u4"),
        (None, "u4"),
        ((1,) * 40, "u1"),
        (4, "nonsense"),
        (4, object),
    ],
)
def test_buffers_that_cannot_be_are_refused(memory: SimulatedMemory, shape, dtype) -> None:
    """An array of Python objects over raw memory would crash."""
    with pytest.raises(UserError, match="buffer"):
        memory.allocate(shape, dtype)
    assert memory.held == 0


def test_too_much_is_refused_and_freeing_helps(memory: SimulatedMemory, arena: Arena) -> None:
    held = [memory.allocate(1 << 20, np.uint8) for _ in range(4)]
    for size in (1, 1 << 30, 1 << 70):
        with pytest.raises(DeviceError, match=r"simulated memory is full.*Free buffers"):
            memory.allocate(size, np.uint8)
    held[1].freebuffer()
    held[3].freebuffer()
    with pytest.raises(DeviceError, match="2097152 of 4194304 free, 1048576 of them in one piece"):
        memory.allocate(2 << 20, np.uint8)
    held[2].freebuffer()
    assert memory.allocate(3 << 20, np.uint8).device_address == held[1].device_address


def test_empty_buffers(memory: SimulatedMemory) -> None:
    buffer = memory.allocate(0)
    buffer.flush()
    assert buffer.nbytes == 0


def test_buffers_dropped_in_threads(memory: SimulatedMemory, arena: Arena) -> None:
    """Allocation, freeing and garbage collection from several threads: no block is lost or given twice."""
    faults: list[str] = []

    def work(seed: int) -> None:
        rng = random.Random(seed)
        mine: list = []
        try:
            for step in range(150):
                if mine and rng.random() < 0.5:
                    buffer, value = mine.pop(rng.randrange(len(mine)))
                    assert np.all(buffer == value)
                    if rng.random() < 0.5:
                        buffer.freebuffer()
                    cycle = [buffer]
                    cycle.append(cycle)
                else:
                    buffer = memory.allocate(rng.randrange(1, 3000))
                    value = seed << 16 | step
                    buffer[:] = value
                    mine.append((buffer, value))
        except (AssertionError, DeviceError) as error:
            faults.append(repr(error))

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    gc.collect()
    assert memory.held == 0
    assert memory.allocate(arena.size, np.uint8).size == arena.size


def test_memory_is_the_board_s() -> None:
    """It needs no overlay, and `target` may name it."""
    import pynq

    device = sim.activate()
    device.unload()
    with pynq.allocate(10, target=device) as buffer:
        buffer[:] = 1
        buffer.flush()
    with pytest.raises(DeviceError, match="was freed"):
        buffer.flush()


def test_an_option_that_does_not_exist_is_refused(memory: SimulatedMemory) -> None:
    """`cachable=False` would give a cached buffer."""
    assert memory.allocate(4, cacheable=False).size == 4
    with pytest.raises(TypeError, match="cachable"):
        memory.allocate(4, cachable=False)
