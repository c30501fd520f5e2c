# SPDX-License-Identifier: Apache-2.0
"""Streams and blocks of the schedule's interpreter, place by place, and what a DEPENDENCE pragma excuses."""

from __future__ import annotations

import pytest

from edgemoe.compiler.cyclesim.channels import Blocks, Fifo
from edgemoe.compiler.cyclesim.checks import Order, ScheduleFault
from edgemoe.compiler.ir import Dependence, Hazard, Op, Opcode


def test_a_stream_is_full_with_its_depth_and_has_more_room_for_pipelines() -> None:
    fifo = Fifo("s", depth=3, extra=2)
    for count in range(5):
        assert fifo.full() == (count >= 3)
        assert fifo.room(1) and fifo.room(5 - count) and not fifo.room(6 - count)
        fifo.push(count)
        if count % 2:
            fifo.tick()
    assert not fifo.room(1)
    fifo.tick()
    assert fifo.pop() == 0
    assert not fifo.room(1), "a place is free in the next cycle only"
    fifo.tick()
    assert fifo.room(1) and not fifo.room(2)


def test_places_of_iterations_under_way_are_taken() -> None:
    fifo = Fifo("s", depth=3)
    fifo.taken = 2
    assert fifo.room(1) and not fifo.room(2) and not fifo.full()
    fifo.taken = 3
    assert not fifo.room(1) and fifo.full()


def test_two_blocks_go_to_and_fro() -> None:
    blocks = Blocks("b", 1, depth=2, shadow=[7], active=[0])
    assert blocks.may_acquire(True) and not blocks.may_acquire(False)
    blocks.event("write")
    blocks.tick()
    assert not blocks.may_acquire(True), "the writer holds one"
    blocks.event("done")
    blocks.tick()
    assert not blocks.may_acquire(True), "the other is not yet read"
    assert blocks.may_acquire(False)
    blocks.event("read")
    blocks.tick()
    assert blocks.active == [7] and blocks.may_acquire(True) and not blocks.may_acquire(False)


LOAD = Op(1, Opcode.LOAD, 8, [], memory="m", banks=(0,))
STORE = Op(2, Opcode.STORE, 0, [], memory="m", banks=(0,))


def test_a_port_serves_one_access_a_cycle() -> None:
    order = Order("f")
    order.port(LOAD, 0)
    order.port(LOAD, 1)
    order.port(STORE, 0)
    with pytest.raises(ScheduleFault, match=r"the port of bank 1 is used twice, now by load of m"):
        order.port(LOAD, 1)
    order.tick(1)
    order.port(LOAD, 1)


def test_a_stream_gives_one_element_a_cycle_and_in_order() -> None:
    order = Order("f")
    first, second = (Op(k, Opcode.FIFO_READ, 8, [], channel="x") for k in (1, 2))
    order.stream(first, (0, 0, 0))
    with pytest.raises(ScheduleFault, match=r"the stream x is used twice"):
        order.stream(second, (0, 0, 1))
    order.tick(1)
    with pytest.raises(ScheduleFault, match=r"comes after fifo_read of x, v1 at"):
        order.stream(second, (-1, 0, 0))


@pytest.mark.parametrize(
    ("promise", "gap", "excused"),
    [
        (Dependence(frozenset({"m"}), True, True, None), 1, True),
        (Dependence(frozenset({"m"}), True, True, None), 0, False),
        (Dependence(frozenset({"m"}), False, True, None), 1, False),
        (Dependence(frozenset({"m"}), False, True, None), 0, True),
        (Dependence(frozenset({"other"}), True, True, None), 1, False),
        (Dependence(frozenset({"m"}), True, True, None, frozenset({Hazard.WAR})), 1, False),
        (Dependence(frozenset({"m"}), True, False, 3), 2, True),
        (Dependence(frozenset({"m"}), True, False, 3), 3, False),
        (Dependence(frozenset({"m"}), True, False, 3), 4, False),
    ],
)
def test_a_promise_excuses_what_it_names(promise: Dependence, gap: int, excused: bool) -> None:
    """A load of iteration ``gap`` runs before the store of iteration 0 that it should see."""
    order = Order("f")
    word = ("m", 0, 5)
    order.load(LOAD, word, (0, gap, 9), [promise])
    order.tick(1)
    if excused:
        order.store(STORE, word, (0, 0, 4), [promise])
        return
    with pytest.raises(ScheduleFault, match=r"store of m, v2 at .* comes too late for load of m"):
        order.store(STORE, word, (0, 0, 4), [promise])
