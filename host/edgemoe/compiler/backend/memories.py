# SPDX-License-Identifier: Apache-2.0
"""On-chip memories of a process: banks, ports shared by all regions, tables and register files.

A RAM bank has exactly one read statement and one write statement; the accesses of all regions meet in a
multiplexer before them. That form, and no other, is what synthesis turns into block RAM. A ROM is copied for each
load. The words of a register file are registers: any number of reads, a multiplexer before each register.

Initial words are there after configuration. A reset gives them back to registers; a RAM keeps what was stored in it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from edgemoe.compiler.backend.expressions import cast
from edgemoe.compiler.backend.text import Names, all_of, any_of, literal, remark, span
from edgemoe.compiler.ir import Loc, Memory, Place, Storage

#: Tables of up to this many words are built from look-up tables.
_DISTRIBUTED_WORDS = 256
_STYLES = {Storage.LUTRAM: "distributed", Storage.BRAM: "block", Storage.URAM: "ultra"}
_PORT_SUFFIXES = ("_q", "_re", "_ra", "_we", "_wa", "_wd")


@dataclass
class Access:
    """One load (``data`` empty) or store of a bank, happening when ``enable`` is 1."""

    enable: str
    address: str
    data: str = ""
    loc: Loc = field(default_factory=Loc)


@dataclass
class Memories:
    """Collects the accesses of all regions and writes the banks."""

    names: Names
    memories: dict[str, Memory]
    reads: dict[tuple[str, int], list[Access]] = field(default_factory=dict)
    writes: dict[tuple[str, int], list[Access]] = field(default_factory=dict)
    _banks: dict[tuple[str, int], str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for memory in self.memories.values():
            if memory.place is Place.BLOCK:
                continue
            for bank in range(memory.banks):
                where = map(str, memory.layout.bank_position(bank))
                self._banks[memory.name, bank] = self.names.fresh(
                    "_".join([memory.name, *where]), _PORT_SUFFIXES
                )

    def bank(self, memory: str, bank: int) -> str:
        """The array (RAM, ROM) or the register of one bank."""
        return self._banks[memory, bank]

    def output(self, memory: str, bank: int) -> str:
        """The read register of a RAM bank."""
        return f"{self._banks[memory, bank]}_q"

    def address(self, memory: str, expression: str, width: int) -> str:
        """``expression`` of ``width`` bits, cut or extended to the address width."""
        return cast(expression, width, self.memories[memory].address_bits)

    def load(self, memory: str, bank: int, access: Access) -> None:
        self.reads.setdefault((memory, bank), []).append(access)

    def store(self, memory: str, bank: int, access: Access) -> None:
        self.writes.setdefault((memory, bank), []).append(access)

    def declarations(self) -> list[str]:
        """Arrays, registers, read registers and the contents of tables."""
        lines: list[str] = []
        for memory in self.memories.values():
            if memory.place is Place.BLOCK:
                continue
            dims = "".join(f"[{n}]" for n in memory.extents)
            shape = f"{memory.name}{dims}: {memory.banks} x {memory.depth} x {memory.width} bits"
            lines += ["", f"// {shape}, {memory.describe()}{remark(memory.loc).replace('  // ', ', ')}"]
            for bank in range(memory.banks):
                lines += self._declare(memory, bank)
        return lines

    def _declare(self, memory: Memory, bank: int) -> list[str]:
        name, word = self.bank(memory.name, bank), f"logic {span(memory.width)}"
        if self._unknown(memory, bank):
            seen = name if memory.storage is Storage.REGISTERS else f"{name}_q"
            return [f"wire {span(memory.width)}{seen} = '0;  // nothing writes it"]
        if memory.storage is Storage.REGISTERS:
            if memory.init is None:
                return [f"{word}{name};"]
            return [f"{word}{name};", f"initial {name} = {literal(memory.init[bank][0], memory.width)};"]
        lines = [f"{_style(memory)}{word}{name} [0:{memory.depth - 1}];"]
        if memory.init is not None:
            lines += _contents(name, memory.init[bank], memory.width)
        if (memory.name, bank) in self.reads:
            lines.append(f"{word}{name}_q;")
        return lines

    def _unknown(self, memory: Memory, bank: int) -> bool:
        """Whether a bank never has a value. One that no index reaches stands in a multiplexer all the same."""
        stored = memory.place is not Place.LOCAL or (memory.name, bank) in self.writes
        return memory.init is None and not stored

    def logic(self) -> list[str]:
        """The port multiplexers and the clocked statements."""
        lines: list[str] = []
        for memory in self.memories.values():
            for bank in range(memory.banks):
                key = (memory.name, bank)
                if self._unknown(memory, bank):
                    continue
                if memory.has_ports:
                    lines += self._read_port(memory, bank, self.reads.get(key, []))
                    lines += self._write_port(memory, bank, self.writes.get(key, []))
                elif memory.storage is Storage.REGISTERS and memory.place is Place.LOCAL:
                    lines += self._register(memory, bank, self.writes.get(key, []))
        return lines

    def _read_port(self, memory: Memory, bank: int, reads: list[Access]) -> list[str]:
        if not reads:
            return []
        name, bits = self.bank(memory.name, bank), memory.address_bits
        lines = ["", f"logic {name}_re;", f"logic {span(bits)}{name}_ra;"]
        lines += _port(f"{name}_re", {f"{name}_ra": bits}, [(r.enable, [r.address], r.loc) for r in reads])
        return [*lines, f"always_ff @(posedge clk) if ({name}_re) {name}_q <= {name}[{name}_ra];"]

    def _write_port(self, memory: Memory, bank: int, writes: list[Access]) -> list[str]:
        if not writes:
            return []
        name, bits = self.bank(memory.name, bank), memory.address_bits
        lines = [
            "",
            f"logic {name}_we;",
            f"logic {span(bits)}{name}_wa;",
            f"logic {span(memory.width)}{name}_wd;",
        ]
        signals = {f"{name}_wa": bits, f"{name}_wd": memory.width}
        lines += _port(f"{name}_we", signals, [(w.enable, [w.address, w.data], w.loc) for w in writes])
        # Before the first reset valid bits may be anything: initial words must not be lost to that.
        enable = f"{name}_we" if memory.init is None else f"{name}_we & ~rst"
        return [*lines, f"{_clocked(memory)} if ({enable}) {name}[{name}_wa] <= {name}_wd;"]

    def _register(self, memory: Memory, bank: int, writes: list[Access]) -> list[str]:
        name = self.bank(memory.name, bank)
        if not writes:
            return []
        lines = [_clocked(memory)]
        if memory.init is not None:
            lines.append(f"  if (rst) {name} <= {literal(memory.init[bank][0], memory.width)};")
        for write in writes:
            word = "if" if len(lines) == 1 else "else if"
            lines.append(f"  {word} ({write.enable}) {name} <= {write.data};{remark(write.loc)}")
        return lines


def _style(memory: Memory) -> str:
    """The attribute that tells synthesis what keeps a bank; "" leaves it to choose."""
    style = _STYLES.get(memory.storage, "")
    if not style and memory.constant and memory.depth <= _DISTRIBUTED_WORDS:
        style = _STYLES[Storage.LUTRAM]
    return f'(* {"rom" if memory.constant else "ram"}_style = "{style}" *) ' if style else ""


def _clocked(memory: Memory) -> str:
    """What has initial words is written by two statements, which `always_ff` does not allow."""
    return "always @(posedge clk)" if memory.init is not None else "always_ff @(posedge clk)"


def _contents(name: str, words: list[int], width: int) -> list[str]:
    """The initial words of a bank, as configuration leaves them."""
    if not any(words):
        return [f"initial for (int k = 0; k < {len(words)}; k++) {name}[k] = '0;"]
    return [
        "initial begin",
        *(f"  {name}[{at}] = {literal(word, width)};" for at, word in enumerate(words)),
        "end",
    ]


def _port(enable: str, signals: dict[str, int], users: list[tuple[str, list[str], Loc]]) -> list[str]:
    """Drives ``enable`` and ``signals`` from whichever user is active; no two are."""
    lines = [f"assign {enable} = {any_of(when for when, _, _ in users)};"]
    columns = list(zip(*(values for _, values, _ in users), strict=True))
    for signal, values in zip(signals, columns, strict=True):
        if len(set(values)) == 1:
            lines.append(f"assign {signal} = {values[0]};")
            continue
        lines += ["always_comb begin", f"  {signal} = {values[-1]};{remark(users[-1][2])}"]
        for (when, _, loc), value in zip(users[:-1], values[:-1], strict=True):
            if value != values[-1]:
                lines.append(f"  if ({when}) {signal} = {value};{remark(loc)}")
        lines.append("end")
    return lines


def select_case(target: str, select: str, values: list[str], bits: int, assign: str = "=") -> list[str]:
    """``target`` is ``values[select]``; beyond the end, the last one."""
    lines = [f"case ({select})"]
    for number, value in enumerate(values[:-1]):
        lines.append(f"  {literal(number, bits)}: {target} {assign} {value};")
    return [*lines, f"  default: {target} {assign} {values[-1]};", "endcase"]


def select_bits(count: int) -> int:
    """Bits of an index below ``count``."""
    return max(1, (count - 1).bit_length())


def enabled_bank(enable: str, select: str, bits: int, number: int) -> str:
    """The enable of candidate bank ``number`` of an access whose bank is chosen at run time."""
    return all_of([enable, f"{select} == {literal(number, bits)}"])
