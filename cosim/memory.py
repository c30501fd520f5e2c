# SPDX-License-Identifier: Apache-2.0
"""A memory behind an AXI4 master of the design: in-order, random latencies, and a referee of the protocol."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

OKAY, SLVERR = 0, 2
PAGE = 4096


class ProtocolError(AssertionError):
    """The design broke a rule of AXI4."""


@dataclass
class _Burst:
    address: int
    beats: int
    ready_at: int  # cycle from which data may flow


@dataclass
class _Channel:
    """A channel that the design drives; it may stall, and what waits may not change."""

    name: str
    valid: Any
    ready: Any
    payload: list[Any]
    stall: Callable[[], bool]
    open: bool = False
    waiting: list[int] | None = field(default=None)

    def tick(self) -> list[int] | None:
        """The payload that was taken at this edge."""
        valid = bool(self.valid.value)
        now = [int(signal.value) for signal in self.payload] if valid else None
        if self.waiting is not None and now != self.waiting:
            raise ProtocolError(
                f"{self.name}: VALID or its payload changed before READY: {self.waiting} -> {now}"
            )
        taken = now if valid and self.open else None
        self.waiting = now if valid and not self.open else None
        ready = not self.stall()
        if ready != self.open:
            self.ready.value = int(ready)
            self.open = ready
        return taken


class AxiMemory:
    """``size`` bytes from address 0 on; accesses beyond them get SLVERR."""

    def __init__(
        self, dut: Any, prefix: str, rng: random.Random, stall: Callable[[], Any], size: int
    ) -> None:
        def signals(channel: str, *names: str) -> list[Any]:
            return [getattr(dut, f"{prefix}_{channel}{name}") for name in names]

        def driven(channel: str, *names: str) -> _Channel:
            valid, ready = signals(channel, "VALID", "READY")
            ready.value = 0
            return _Channel(f"{prefix}_{channel}", valid, ready, signals(channel, *names), stall())

        self.data = bytearray(size)
        self.rng, self.cycle = rng, 0
        self.ar, self.aw = (driven(c, "ADDR", "LEN", "SIZE", "BURST") for c in ("AR", "AW"))
        self.w = driven("W", "DATA", "STRB", "LAST")
        self.r_valid, self.r_ready, self.r_data, self.r_resp, self.r_last = signals(
            "R", "VALID", "READY", "DATA", "RESP", "LAST"
        )
        self.b_valid, self.b_ready, self.b_resp = signals("B", "VALID", "READY", "RESP")
        self.bytes = len(self.r_data) // 8
        self.r_stall, self.b_stall = stall(), stall()
        self.reads: deque[_Burst] = deque()
        self.writes: deque[_Burst] = deque()
        self.beats: deque[list[int]] = deque()  # write data that came before its address
        self.responses: deque[tuple[int, int]] = deque()  # (cycle, response)
        self.write_error = False
        self.offering_read = self.offering_response = False
        self.r_valid.value = self.b_valid.value = 0
        self.change: tuple[int, bytes] | None = None

    def change_after(self, beats: int, data: bytes) -> None:
        """When so many more beats have been read, the memory holds ``data`` from address 0 on."""
        self.change = (beats, data)

    def tick(self) -> bool:
        """One clock edge; True when something moved."""
        self.cycle += 1
        moved = self._responses()
        moved |= self._read_data()
        if address := self.ar.tick():
            self.reads.append(self._burst(address, self.ar.name))
            moved = True
        if address := self.aw.tick():
            self.writes.append(self._burst(address, self.aw.name))
            moved = True
        if beat := self.w.tick():
            self.beats.append(beat)
            moved = True
        while self.beats and self.writes:
            self._write(self.beats.popleft())
        return moved

    def _burst(self, payload: list[int], name: str) -> _Burst:
        address, length, size, kind = payload
        beats = length + 1
        last = address + beats * self.bytes - 1
        if (1 << size) != self.bytes or kind != 1:
            raise ProtocolError(
                f"{name}: size {size}, burst type {kind}: expected whole beats that increment"
            )
        if address % self.bytes or address // PAGE != last // PAGE:
            raise ProtocolError(f"{name}: {beats} beats at {address:#x} are unaligned or cross 4 KiB")
        return _Burst(address, beats, self.cycle + self.rng.randrange(1, 40))

    def _inside(self, address: int) -> bool:
        return address + self.bytes <= len(self.data)

    def _read_data(self) -> bool:
        moved = self.offering_read and bool(self.r_ready.value)
        if moved:
            burst = self.reads[0]
            burst.address += self.bytes
            burst.beats -= 1
            if burst.beats == 0:
                self.reads.popleft()
            self._count_down()
        if moved or not self.offering_read:
            ready = bool(self.reads) and self.reads[0].ready_at <= self.cycle and not self.r_stall()
            if ready:
                burst = self.reads[0]
                good = self._inside(burst.address)
                beat = self.data[burst.address : burst.address + self.bytes] if good else bytes(self.bytes)
                self.r_data.value = int.from_bytes(beat, "little")
                self.r_resp.value = OKAY if good else SLVERR
                self.r_last.value = int(burst.beats == 1)
            self.r_valid.value = int(ready)
            self.offering_read = ready
        return moved

    def _count_down(self) -> None:
        """A beat was read: time for the change?"""
        if self.change is not None:
            beats, data = self.change
            self.change = (beats - 1, data) if beats > 1 else None
            if beats == 1:
                self.data[: len(data)] = data

    def _write(self, beat: list[int]) -> None:
        data, strobes, last = beat
        burst = self.writes[0]
        if bool(last) != (burst.beats == 1):
            raise ProtocolError(f"{self.w.name}: LAST is {last} with {burst.beats} beats to go")
        if self._inside(burst.address):
            for lane in range(self.bytes):
                if strobes >> lane & 1:
                    self.data[burst.address + lane] = data >> 8 * lane & 255
        else:
            self.write_error = True
        burst.address += self.bytes
        burst.beats -= 1
        if burst.beats == 0:
            self.writes.popleft()
            response = SLVERR if self.write_error else OKAY
            self.responses.append((self.cycle + self.rng.randrange(1, 30), response))
            self.write_error = False

    def _responses(self) -> bool:
        moved = self.offering_response and bool(self.b_ready.value)
        if moved:
            self.responses.popleft()
        if moved or not self.offering_response:
            ready = bool(self.responses) and self.responses[0][0] <= self.cycle and not self.b_stall()
            if ready:
                self.b_resp.value = self.responses[0][1]
            self.b_valid.value = int(ready)
            self.offering_response = ready
        return moved

    def state(self) -> str:
        return (
            f"memory {self.ar.name[:-3]}: {len(self.reads)} reads, {len(self.writes)} writes and "
            f"{len(self.responses)} responses under way, {len(self.beats)} beats without an address"
        )
