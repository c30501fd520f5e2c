# SPDX-License-Identifier: Apache-2.0
"""A block design: what stands where, decided once, in the order in which the IPs are given."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

from edgemoe.blockdesign.boards import Board, MemoryPort
from edgemoe.blockdesign.ip import CONTROL, Ip, Stream
from edgemoe.errors import UserError

INTC, CONCAT, RESET = "axi_intc_0", "xlconcat_0", "proc_sys_reset_0"
CONTROL_SMARTCONNECT = "smartconnect_control"
INTC_VLNV, CONCAT_VLNV = "xilinx.com:ip:axi_intc:4.1", "xilinx.com:ip:xlconcat:2.1"
DMA_VLNV, SMARTCONNECT_VLNV = "xilinx.com:ip:axi_dma:7.1", "xilinx.com:ip:smartconnect:1.0"
RESET_VLNV = "xilinx.com:ip:proc_sys_reset:5.0"
RESERVED = frozenset(
    vlnv.split(":")[2] for vlnv in (INTC_VLNV, CONCAT_VLNV, DMA_VLNV, SMARTCONNECT_VLNV, RESET_VLNV)
) | frozenset(("processing_system7", "zynq_ultra_ps_e", "versal_cips", "pspmc", "ps_wizard", "ps11", "pmcps"))
"""Names of IPs by which PYNQ knows the blocks around a design."""

WINDOW = 0x1_0000
"""The least that a block of registers takes of the addresses, in bytes, and what it is aligned to."""
INTERRUPTS_MOST = 32
"""Inputs of an AXI INTC."""
SMARTCONNECT_MOST = 16
"""Masters, and slaves, of one SmartConnect."""
STREAM_BITS = (8, 16, 32, 64, 128, 256, 512)
"""Widths of TDATA for which an AXI DMA is built here and simulated."""
DMA_LENGTH_BITS = 26
"""Of an AXI DMA's length register, the most that it can have: transfers of up to 64 MiB."""
NAME_MOST = 128


@dataclass(frozen=True)
class StreamEnd:
    """A stream port of an IP."""

    instance: str
    stream: Stream


@dataclass(frozen=True)
class Dma:
    """An AXI DMA: `send` reads memory into a stream (MM2S), `receive` writes a stream to memory (S2MM)."""

    instance: str
    send: StreamEnd | None
    receive: StreamEnd | None

    @property
    def channels(self) -> tuple[tuple[str, StreamEnd], ...]:
        """The ones it has: `mm2s` and `s2mm`, each with the stream at its other end."""
        both = (("mm2s", self.send), ("s2mm", self.receive))
        return tuple((name, end) for name, end in both if end is not None)

    @staticmethod
    def memory_bits(stream: Stream) -> int:
        """Data bits of the channel's AXI4 master."""
        return max(32, stream.bits)


@dataclass(frozen=True)
class Window:
    """The addresses of a block of registers; `size` in bytes, a power of two that divides `base`."""

    instance: str
    interface: str
    base: int
    size: int

    @property
    def last(self) -> int:
        return self.base + self.size - 1


@dataclass(frozen=True)
class Route:
    """An AXI4 master and the memory port that it leads to, by its index among the board's."""

    instance: str
    interface: str
    bits: int
    port: int


@dataclass(frozen=True)
class Interrupt:
    """A pin and the input of the AXI INTC that it is on."""

    instance: str
    pin: str
    input: int


@dataclass(frozen=True)
class Design:
    """A block design; make one with `lay_out`, which decides the last three fields."""

    name: str
    board: Board
    clock_mhz: float
    ips: tuple[Ip, ...]
    dmas: tuple[Dma, ...]
    windows: tuple[Window, ...]
    """In the order of their addresses; the AXI INTC's is the last."""
    routes: tuple[Route, ...]
    interrupts: tuple[Interrupt, ...]

    def window(self, instance: str) -> Window:
        return next(window for window in self.windows if window.instance == instance)

    @property
    def used_ports(self) -> tuple[tuple[MemoryPort, int, tuple[Route, ...]], ...]:
        """The memory ports that masters lead to: each with the bits of its data and its masters."""
        family, used = self.board.family, []
        for index, port in enumerate(family.memory_ports):
            routes = tuple(route for route in self.routes if route.port == index)
            if routes:
                widest = max(route.bits for route in routes)
                wide_enough = (bits for bits in family.port_bits if bits >= widest)
                used.append((port, next(wide_enough, family.port_bits[-1]), routes))
        return tuple(used)

    @property
    def clock_divisors(self) -> tuple[int, int]:
        """Of the PLL, for the fastest clock that is not faster than `clock_mhz`."""
        return _divisors(self.board.family.pll_mhz, self.board.family.divisor_most, self.clock_mhz)

    @property
    def actual_mhz(self) -> float:
        """The clock with these divisors."""
        first, second = self.clock_divisors
        return self.board.family.pll_mhz / (first * second)


def smartconnect(port: int) -> str:
    """The instance that joins the masters of a memory port."""
    return f"smartconnect_hp{port}"


def pair_streams(ips: Sequence[Ip]) -> tuple[Dma, ...]:
    """A DMA for the first incoming and the first outgoing stream of an IP, one for the second ones, and so on."""
    dmas: list[Dma] = []
    for ip in ips:
        incoming = [StreamEnd(ip.instance, stream) for stream in ip.streams if stream.incoming]
        outgoing = [StreamEnd(ip.instance, stream) for stream in ip.streams if not stream.incoming]
        for send, receive in zip_longest(incoming, outgoing):
            dmas.append(Dma(f"axi_dma_{len(dmas)}", send, receive))
    return tuple(dmas)


def lay_out(name: str, board: Board, ips: Sequence[Ip], *, clock_mhz: float) -> Design:
    """The block design of `ips` on `board`: each with its registers, masters and interrupt, and DMAs at its streams.

    Raises:
        UserError: it does not fit the board, or names clash.
    """
    ips, dmas = tuple(ips), pair_streams(ips)
    _check_names(name, board, ips, dmas)
    _check_widths(ips)
    design = Design(
        name,
        board,
        clock_mhz,
        ips,
        dmas,
        _windows(board, ips, dmas),
        _routes(board, ips, dmas),
        _interrupts(ips, dmas),
    )
    _check_clock(design)
    return design


def _windows(board: Board, ips: tuple[Ip, ...], dmas: tuple[Dma, ...]) -> tuple[Window, ...]:
    blocks = [(ip.instance, CONTROL, ip.register_bytes) for ip in ips]
    blocks += [(dma.instance, "S_AXI_LITE", WINDOW) for dma in dmas]
    blocks.append((INTC, "s_axi", WINDOW))
    if len(blocks) > SMARTCONNECT_MOST:
        raise UserError(
            f"The design has {len(blocks)} blocks with registers ({len(ips)} kernels, {len(dmas)} DMAs, the interrupt "
            f"controller); one interconnect leads to {SMARTCONNECT_MOST}. Use fewer kernels or streams."
        )
    windows = []
    address = board.family.control_base
    for instance, interface, needed in blocks:
        size = max(WINDOW, 1 << (needed - 1).bit_length())
        address = -(-address // size) * size
        windows.append(Window(instance, interface, address, size))
        address += size
    if address > board.family.control_base + board.family.control_bytes:
        raise UserError(
            f"The registers of the design take more addresses than {board.name} has for the logic."
        )
    return tuple(windows)


def _routes(board: Board, ips: tuple[Ip, ...], dmas: tuple[Dma, ...]) -> tuple[Route, ...]:
    """The masters, dealt out to the memory ports in turn: each has the least company that is possible."""
    masters = [(ip.instance, master.interface, master.bits) for ip in ips for master in ip.masters]
    masters += [
        (dma.instance, f"M_AXI_{channel.upper()}", dma.memory_bits(end.stream))
        for dma in dmas
        for channel, end in dma.channels
    ]
    ports = len(board.family.memory_ports)
    if len(masters) > ports * SMARTCONNECT_MOST:
        raise UserError(
            f"The design has {len(masters)} AXI4 masters; {board.name} takes {ports * SMARTCONNECT_MOST} "
            f"({SMARTCONNECT_MOST} at each of {ports} memory ports). Let pointers share a bundle, or use fewer kernels."
        )
    return tuple(Route(*master, index % ports) for index, master in enumerate(masters))


def _interrupts(ips: tuple[Ip, ...], dmas: tuple[Dma, ...]) -> tuple[Interrupt, ...]:
    pins = [(ip.instance, "interrupt") for ip in ips]
    pins += [(dma.instance, f"{channel}_introut") for dma in dmas for channel, _ in dma.channels]
    if len(pins) > INTERRUPTS_MOST:
        raise UserError(
            f"The design has {len(pins)} interrupts; the interrupt controller has {INTERRUPTS_MOST} inputs. "
            "Use fewer kernels or streams."
        )
    return tuple(Interrupt(*pin, index) for index, pin in enumerate(pins))


def _check_names(name: str, board: Board, ips: tuple[Ip, ...], dmas: tuple[Dma, ...]) -> None:
    if not ips:
        raise UserError(f"The design {name!r} has no kernel.")
    check_name("design", name)
    for ip in ips:
        check_name("kernel", ip.kind)
        check_name("instance", ip.instance)
        if ip.kind in RESERVED:
            raise UserError(
                f"A kernel cannot be named {ip.kind!r}: PYNQ knows a block around the design by that name. "
                "Rename the function."
            )
    around = {INTC, CONCAT, RESET, CONTROL_SMARTCONNECT, board.family.instance}
    around |= {smartconnect(port) for port in range(len(board.family.memory_ports))}
    taken = around | {dma.instance for dma in dmas}
    for ip in ips:
        if ip.instance in taken:
            raise UserError(
                f"Two blocks of the design would be named {ip.instance!r}. Rename the function, or give the instance "
                "another name."
            )
        taken.add(ip.instance)
    if name in taken:
        raise UserError(
            f"Both the design and a block of it would be named {name!r}. Name the design otherwise."
        )


def check_name(what: str, name: str) -> None:
    """The tools' alphabet: a letter, then letters, digits and underscores."""
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name):
        raise UserError(
            f"The name {name!r} of a {what} must start with a letter (a-z) and go on with letters, digits and "
            "underscores: the tools for block designs take no other. Rename it."
        )
    if len(name) > NAME_MOST:
        raise UserError(
            f"The name {name[:40]}... of a {what} has {len(name)} characters; at most {NAME_MOST}. Rename it."
        )


def _check_widths(ips: tuple[Ip, ...]) -> None:
    for ip in ips:
        for stream in ip.streams:
            if stream.bits not in STREAM_BITS:
                raise UserError(
                    f"Stream {stream.name} of {ip.instance} has {stream.bits} bits; a DMA takes "
                    f"{', '.join(map(str, STREAM_BITS))}."
                )


def _check_clock(design: Design) -> None:
    family = design.board.family
    slowest = family.pll_mhz / family.divisor_most**2
    if not slowest <= design.clock_mhz <= family.pll_mhz:
        raise UserError(
            f"The clock of {design.clock_mhz:g} MHz cannot be made on {design.board.name}: {slowest:.3g} to "
            f"{family.pll_mhz:g} MHz. Choose another --clock-ns."
        )


def _divisors(pll_mhz: float, most: int, clock_mhz: float) -> tuple[int, int]:
    """Of the pairs with the fastest clock up to `clock_mhz`, the one with the smallest second divisor."""
    pairs = ((first, second) for second in range(1, most + 1) for first in range(1, most + 1))
    slow_enough = [pair for pair in pairs if pll_mhz / (pair[0] * pair[1]) <= clock_mhz * (1 + 1e-9)]
    if not slow_enough:
        return most, most
    return min(slow_enough, key=lambda pair: (pair[0] * pair[1], pair[1]))
