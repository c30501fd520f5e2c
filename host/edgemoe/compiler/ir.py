# SPDX-License-Identifier: Apache-2.0
"""The compiler's typed intermediate representation (IR).

A :class:`Program` is a set of functions. A *process* or a *module* is a control-flow graph of *regions*; a region
is straight-line code (:class:`Block`) or one whole if-converted loop body (:class:`Pipeline`) in SSA form:

* every value is an unsigned bit vector of a given width (signedness lives in the opcode);
* a value is an :class:`Op` with a result, a :class:`Phi` at the head of a region, an :class:`Argument`, or a
  :class:`Const`. A value may be used in every region that its definition dominates; outside a pipeline it is the
  value of the pipeline's last iteration;
* control leaves a region by its terminator. Edges carry the values of the target's phis, in the order of the
  target's ``phis``. In a pipeline the branch's ``taken`` edge is the loop's back edge (to itself) and
  ``otherwise`` is the exit; a loop body runs at least once (the guard, if any, is in a block before it);
* ``Op.predicate`` (one bit) guards effects only: stores, FIFO accesses, output writes and block hand-overs. All
  other operations are speculated;
* the order of ``Region.ops`` is a topological order. What data edges do not order is in ``Region.depends``.

Everything is plain data in deterministic order. :mod:`edgemoe.compiler.irtext` prints it.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from edgemoe.compiler.banks import BankLayout, index_bits


@dataclass(frozen=True, slots=True)
class Loc:
    """A place in the user's source; line 0 means unknown."""

    file: str = ""
    line: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


NOWHERE = Loc()

#: Name of the output scalar that holds what the top function returns; the first of its arguments.
RETURN = "ap_return"


@dataclass(frozen=True, slots=True)
class Note:
    """What the user is to know of a program that compiles: a wish that changes nothing, or (``warning``) a likely
    mistake.
    """

    loc: Loc
    text: str  #: a sentence
    warning: bool = False


class Opcode(str, enum.Enum):
    """What an operation does. ``a``, ``b``, ``c`` are its operands in order; widths are in bits."""

    # Arithmetic and logic: both operands and the result have the same width, results wrap.
    ADD = "add"
    SUB = "sub"
    MUL = "mul"  # operands may be narrower than the result: each is extended by Op.signs (see there)
    AND = "and"
    OR = "or"
    XOR = "xor"
    SHL = "shl"  # a shift by the width or more is undefined
    LSHR = "lshr"
    ASHR = "ashr"
    UDIV = "udiv"
    SDIV = "sdiv"
    UREM = "urem"
    SREM = "srem"
    ICMP = "icmp"  # Op.compare says which; result has 1 bit
    SELECT = "select"  # a ? b : c; a has 1 bit
    # Wires.
    ZEXT = "zext"
    SEXT = "sext"
    TRUNC = "trunc"
    EXTRACT = "extract"  # bits lo .. lo+width-1 of a
    CONCAT = "concat"  # first operand in the most significant bits
    # Memories: Op.memory, Op.banks.
    LOAD = "load"  # address [, bank select]
    STORE = "store"  # address, data [, bank select]
    # Streams: Op.channel names a stream argument ("x") or an AXI channel of an argument ("x.ar", ".r", ".aw",
    # ".w", ".b").
    FIFO_READ = "fifo_read"
    FIFO_WRITE = "fifo_write"  # data
    FIFO_EMPTY = "fifo_empty"  # 1 bit: nothing to read now
    FIFO_FULL = "fifo_full"  # 1 bit: a write now would wait
    # Ping-pong blocks: Op.channel names the block argument.
    ACQUIRE = "acquire"
    RELEASE = "release"
    # The rest.
    MUL_ADD = "mul_add"  # a x b + c, all signed, in one DSP slice; their widths: MUL_ADD_BITS
    CALL = "call"  # of a fixed-latency module, Op.callee; operands are its leaf arguments in order
    CYCLE = "cycle"  # free-running cycle counter of the module
    OUTPUT = "output"  # data is written to the output scalar Op.channel


#: Most bits of the operands of a multiply-add (its result has as many as the last): each is extended by its sign.
MUL_ADD_BITS = (27, 18, 48)


class Compare(str, enum.Enum):
    """Predicates of ``icmp``; u = unsigned, s = signed (two's complement)."""

    EQ = "eq"
    NE = "ne"
    ULT = "ult"
    ULE = "ule"
    UGT = "ugt"
    UGE = "uge"
    SLT = "slt"
    SLE = "sle"
    SGT = "sgt"
    SGE = "sge"

    @property
    def signed(self) -> bool:
        return self.value.startswith("s")

    @property
    def swapped(self) -> Compare:
        """What gives the same with the sides swapped."""
        other = {"l": "g", "g": "l"}.get(self.value[1])
        return Compare(self.value[0] + other + self.value[2]) if other else self

    def holds(self, a: int, b: int, width: int) -> bool:
        """Of two patterns of ``width`` bits."""
        if self.signed:
            half = 1 << (width - 1)
            a, b = (a ^ half) - half, (b ^ half) - half
        return {"eq": a == b, "ne": a != b, "lt": a < b, "le": a <= b, "gt": a > b, "ge": a >= b}[
            self.value[-2:]
        ]


#: Operations whose predicate matters and which must neither be dropped nor speculated.
EFFECTS = frozenset(
    {Opcode.STORE, Opcode.FIFO_READ, Opcode.FIFO_WRITE, Opcode.ACQUIRE, Opcode.RELEASE, Opcode.OUTPUT}
)


@dataclass(frozen=True, slots=True)
class Const:
    """A constant; ``value`` is the unsigned bit pattern, 0 <= value < 2**width."""

    value: int
    width: int

    @staticmethod
    def of(value: int, width: int) -> Const:
        """The constant with the low ``width`` bits of ``value`` (which may be negative)."""
        return Const(value & ((1 << width) - 1), width)


@dataclass(eq=False, slots=True)
class Phi:
    """A value chosen by the edge through which control entered the region (a register)."""

    id: int
    width: int
    name: str = ""
    loc: Loc = NOWHERE


@dataclass(eq=False, slots=True)
class Op:
    """One operation.

    ``id`` is unique in its function together with the ids of the phis. ``width`` is the result's width, 0 for no
    result. Fields that an opcode does not mention are unused by it.
    """

    id: int
    opcode: Opcode
    width: int
    operands: list[Value]
    predicate: Value | None = None
    compare: Compare | None = None  #: icmp
    lo: int = 0  #: extract
    fabric: bool = False  #: mul: to be kept out of DSP blocks
    signs: tuple[bool, bool] = (
        False,
        False,
    )  #: mul: sign-extend (True) or zero-extend operand a / b to the result
    memory: str = ""  #: load, store
    #: load, store: one bank when static; several when the bank is chosen at run time: the last operand is then an
    #: index into this tuple (bank = banks[select]).
    banks: tuple[int, ...] = ()
    #: load, store: the element as a function of indices, for the analysis of dependences; None once a pass has
    #: rewritten the indices
    element: Affine | None = None
    channel: str = ""  #: streams, blocks, output
    callee: str = ""  #: call
    invariant: bool = False  #: in a pipeline: pure, and of the same value in every iteration
    name: str = ""  #: the user's variable name, if known; not unique
    loc: Loc = NOWHERE

    def inputs(self) -> Iterator[Value]:
        """Operands, then the predicate if there is one."""
        yield from self.operands
        if self.predicate is not None:
            yield self.predicate

    def uses(self) -> Iterator[Value]:
        """Inputs, and the values that the element is a function of."""
        yield from self.inputs()
        if self.element is not None:
            yield from (value for _, value in self.element.terms)


@dataclass(frozen=True, slots=True)
class Affine:
    """Which element of a memory an access goes to: ``constant`` + the sum of coefficient x value over ``terms``.

    Elements are numbered row by row over the C++ extents (``Memory.layout``). A value counts as a signed number in the
    width that it has; the sum is known modulo ``2**bits`` only, for the arithmetic of indices wraps around.
    """

    constant: int
    terms: tuple[tuple[int, Value], ...] = ()
    bits: int = 32


# ---- arguments ------------------------------------------------------------------------------------------------


class Direction(str, enum.Enum):
    """Seen from inside the function."""

    READ = "read"
    WRITE = "write"


@dataclass(eq=False, slots=True)
class StreamArg:
    """``hls::stream<T>&``; ``width`` is the packed width of a token.

    ``answers`` are the streams that the same function writes and that lead, through other processes, back to this one.
    """

    name: str
    width: int
    direction: Direction
    loc: Loc = NOWHERE
    answers: tuple[str, ...] = ()


@dataclass(eq=False, slots=True)
class ScalarArg:
    """A scalar: an input (stable while the function runs) or an output (``T&``, written by ``output`` ops)."""

    name: str
    width: int
    direction: Direction = Direction.READ
    signed: bool = False
    loc: Loc = NOWHERE


@dataclass(eq=False, slots=True)
class BlockArg:
    """``hls::stream_of_blocks<T[D0][D1]>&``: accessed as the memory of the same name between acquire and release."""

    name: str
    width: int
    dims: tuple[int, int]
    direction: Direction
    loc: Loc = NOWHERE


@dataclass(eq=False, slots=True)
class AxiArg:
    """``hls::burst_maxi<T>``: five token channels. ``channels`` maps those in use to their token width.

    ``ar``/``aw`` tokens are {length in beats (32), address offset in elements (low bits)}; ``b`` is one bit.
    """

    name: str
    width: int
    bundle: str
    channels: dict[str, int] = field(default_factory=dict)
    loc: Loc = NOWHERE


@dataclass(eq=False, slots=True)
class ModuleArg:
    """One leaf scalar argument of a fixed-latency module."""

    name: str
    width: int
    loc: Loc = NOWHERE


Argument: TypeAlias = StreamArg | ScalarArg | BlockArg | AxiArg | ModuleArg
#: What an operand may be. Of the arguments only input ScalarArgs and ModuleArgs are values.
Value: TypeAlias = Op | Phi | Const | ScalarArg | ModuleArg


# ---- memories -------------------------------------------------------------------------------------------------


class Storage(str, enum.Enum):
    """What keeps the words of a memory."""

    REGISTERS = (
        "registers"  #: every word is a register (depth 1 per bank): reads are combinational and unlimited
    )
    #: One read and one write port a bank; a load's value is there one cycle after its address. Synthesis chooses
    #: among the three below.
    RAM = "ram"
    LUTRAM = "lutram"
    BRAM = "bram"
    URAM = "uram"


class Place(str, enum.Enum):
    """Where a memory is."""

    LOCAL = "local"  #: in the function
    BLOCK = "block"  #: in a ping-pong channel; the BlockArg of the same name


@dataclass(eq=False, slots=True)
class Memory:
    """An array of words of ``width`` bits.

    ``init[bank][row]`` are the words that it starts with; None: unknown. A ``constant`` one is a table: it is never
    stored to, and every load has a copy of its own.
    """

    name: str
    width: int
    layout: BankLayout
    storage: Storage = Storage.RAM
    place: Place = Place.LOCAL
    constant: bool = False
    init: list[list[int]] | None = None
    loc: Loc = NOWHERE

    @property
    def extents(self) -> tuple[int, ...]:
        """The C++ extents."""
        return tuple(dim.extent for dim in self.layout.dims)

    @property
    def banks(self) -> int:
        return self.layout.banks

    @property
    def depth(self) -> int:
        """Words of a bank."""
        return self.layout.depth

    @property
    def address_bits(self) -> int:
        """Bits of a word address within a bank, at least 1."""
        return index_bits(self.layout.depth)

    @property
    def has_ports(self) -> bool:
        """Whether accesses share one read and one write port a bank."""
        return self.storage is not Storage.REGISTERS and not self.constant

    def describe(self) -> str:
        """One word for people: table, block, or what keeps it."""
        if self.constant:
            return "rom"
        return self.storage.value if self.place is Place.LOCAL else self.place.value


# ---- control --------------------------------------------------------------------------------------------------


@dataclass(eq=False, slots=True)
class Edge:
    """A control transfer; ``values[k]`` becomes ``target.phis[k]``."""

    target: str
    values: list[Value] = field(default_factory=list)


@dataclass(eq=False, slots=True)
class Jump:
    """Always to one region."""

    edge: Edge


@dataclass(eq=False, slots=True)
class Branch:
    """To ``taken`` if the one-bit ``condition`` is 1, else to ``otherwise``."""

    condition: Value
    taken: Edge
    otherwise: Edge


@dataclass(eq=False, slots=True)
class Return:
    """The end of the function; a module's result is ``value``."""

    value: Value | None = None


Terminator: TypeAlias = Jump | Branch | Return


class Hazard(str, enum.Enum):
    """Why two operations are ordered, which tells the scheduler the least distance in cycles."""

    RAW = "raw"  #: store, then load: the load's address cycle comes at least one cycle after the store's
    WAR = "war"  #: load, then store: the same cycle is fine (reads see the old word)
    WAW = "waw"  #: store, then store: at least one cycle after
    FIFO = "fifo"  #: accesses of one stream keep their order: at least one cycle after
    ACQUIRE = "acquire"  #: a block's acquire, then an access: at least one cycle after
    RELEASE = "release"  #: a block's access, then its release: the same cycle is fine


@dataclass(eq=False, slots=True)
class Depend:
    """``target`` of iteration i+distance must follow ``source`` of iteration i (distance 0: the same iteration)."""

    source: Op
    target: Op
    distance: int
    hazard: Hazard


@dataclass(frozen=True, slots=True)
class Dependence:
    """What ``#pragma HLS DEPENDENCE`` promises of a loop: the named hazards of the named memories are false or far."""

    memories: frozenset[str]
    inter: bool  #: between iterations; otherwise within one
    false: bool  #: there is none
    distance: int | None  #: iterations from source to target, at least
    hazards: frozenset[Hazard] = frozenset()  #: RAW, WAR, WAW; empty: all three

    def covers(self, memory: str, hazard: Hazard) -> bool:
        """Whether it speaks of this hazard of this memory."""
        return memory in self.memories and (not self.hazards or hazard in self.hazards)


@dataclass(eq=False, slots=True)
class Block:
    """Straight-line code, one token in flight."""

    name: str
    phis: list[Phi] = field(default_factory=list)
    ops: list[Op] = field(default_factory=list)
    terminator: Terminator = field(default_factory=Return)
    depends: list[Depend] = field(default_factory=list)
    loc: Loc = NOWHERE


@dataclass(eq=False, slots=True)
class Pipeline(Block):
    """A pipelined loop. Its terminator is a Branch (taken = back edge) or, without an exit, a Jump to itself."""

    ii: int = 1  #: initiation interval asked for
    trip: int | None = None  #: iterations, if constant
    label: str = ""  #: the loop's label in C++
    promises: list[Dependence] = field(default_factory=list)  #: DEPENDENCE pragmas that hold in this loop


Region: TypeAlias = Block | Pipeline


# ---- functions ------------------------------------------------------------------------------------------------


class Kind(str, enum.Enum):
    """What a function becomes."""

    PROCESS = "process"  #: control-flow graph with start and done
    MODULE = "module"  #: pure, fixed latency, one Block ending in Return(value)
    DATAFLOW = "dataflow"  #: processes connected by channels, all started together


@dataclass(eq=False, slots=True)
class Channel:
    """A FIFO between two instances of a dataflow function; depth in tokens."""

    name: str
    width: int
    depth: int
    loc: Loc = NOWHERE


@dataclass(eq=False, slots=True)
class BlockChannel:
    """A ping-pong block (``depth`` copies) between two instances."""

    name: str
    width: int
    dims: tuple[int, int]
    depth: int = 2
    loc: Loc = NOWHERE


#: What an instance's argument is tied to: an argument of the dataflow function, a channel, or a constant.
Connection: TypeAlias = StreamArg | ScalarArg | BlockArg | AxiArg | Channel | BlockChannel | Const


@dataclass(eq=False, slots=True)
class Instance:
    """One process in a dataflow function; ``connections`` maps its argument names."""

    name: str
    function: str
    connections: dict[str, Connection]
    loc: Loc = NOWHERE


@dataclass(eq=False, slots=True)
class Interface:
    """``#pragma HLS INTERFACE mode port=...``; the port ``return`` stands for the control register block."""

    mode: str
    port: str
    options: dict[str, str]
    loc: Loc = NOWHERE


@dataclass(eq=False, slots=True)
class Function:
    """A process, a module or a dataflow graph."""

    name: str
    kind: Kind
    args: list[Argument] = field(default_factory=list)
    memories: dict[str, Memory] = field(default_factory=dict)
    regions: list[Region] = field(default_factory=list)  #: the first is the entry
    result_width: int = 0  #: module
    channels: dict[str, Channel | BlockChannel] = field(default_factory=dict)  #: dataflow
    instances: list[Instance] = field(default_factory=list)  #: dataflow, in program order
    interfaces: list[Interface] = field(default_factory=list)  #: of the top
    loc: Loc = NOWHERE

    def region(self, name: str) -> Region:
        """The region of that name."""
        return next(r for r in self.regions if r.name == name)

    def argument(self, name: str) -> Argument:
        """The argument of that name."""
        return next(a for a in self.args if a.name == name)


@dataclass(eq=False, slots=True)
class Program:
    """All functions, callees first; ``top`` is the one with the outside ports. ``sources`` are the files read,
    ``notes`` what to tell the user.
    """

    name: str
    top: str
    functions: dict[str, Function] = field(default_factory=dict)
    sources: list[str] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)


def edges(terminator: Terminator) -> list[Edge]:
    """The edges by which control may leave, taken before otherwise."""
    if isinstance(terminator, Jump):
        return [terminator.edge]
    if isinstance(terminator, Branch):
        return [terminator.taken, terminator.otherwise]
    return []
