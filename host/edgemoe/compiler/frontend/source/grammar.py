# SPDX-License-Identifier: Apache-2.0
"""The one table of the pragmas' grammar: options, words that stand alone, and what becomes of each pragma."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Mapping
from dataclasses import dataclass

from edgemoe.compiler.banks import Split
from edgemoe.compiler.frontend.source.pragmas import (
    ArrayPartition,
    Dataflow,
    Dependence,
    Hint,
    Inline,
    Interface,
    InterfaceHint,
    LoopTripcount,
    Pipeline,
    Pragma,
    Stream,
    Unroll,
)
from edgemoe.compiler.ir import Hazard


class Value(enum.Enum):
    """What may stand behind an option's equals sign."""

    NUMBER = "a constant expression"
    VARIABLE = "a variable or a member"
    TEXT = "a word"
    FLAG = "true or false"


@dataclass(frozen=True, slots=True)
class Option:
    """One option.

    ``field`` is the record's, "" if the option changes nothing. ``words``: those that may be its value, each with what
    the record holds for it; they may also stand alone. ``least``: the smallest number. ``unused``: why it changes
    nothing, for a note; "" if it says what is done anyway. ``refused``: why it cannot be built, and the way out.
    """

    value: Value = Value.NUMBER
    field: str = ""
    words: Mapping[str, object] = dataclasses.field(default_factory=dict)
    least: int | None = 1
    unused: str = ""
    refused: Mapping[str, str] = dataclasses.field(default_factory=dict)


class Place(enum.Enum):
    """Where a pragma may stand."""

    FUNCTION = "a function's body"
    LOOP = "a loop's body"


@dataclass(frozen=True, slots=True)
class Grammar:
    """One kind. ``needs``: options that must be there. ``unused``, ``refused``: as of options, for the whole pragma."""

    record: type[Pragma]
    options: Mapping[str, Option] = dataclasses.field(default_factory=dict)
    needs: tuple[str, ...] = ()
    place: Place = Place.FUNCTION
    single: bool = False  #: one of them in a loop or function
    free_word: str = ""  #: the option that an unknown word standing alone is the value of
    unused: str = ""
    refused: str = ""


def _flag(field_: str = "", unused: str = "") -> Option:
    return Option(Value.FLAG, field_, unused=unused)


def _number(field_: str = "", least: int | None = 1, unused: str = "") -> Option:
    return Option(Value.NUMBER, field_, least=least, unused=unused)


def _choice(
    field_: str = "", unused: str = "", refused: Mapping[str, str] | None = None, **words: object
) -> Option:
    return Option(Value.TEXT, field_, words, unused=unused, refused=refused or {})


def _text(unused: str = "") -> Option:
    return Option(Value.TEXT, unused=unused)


_VARIABLE = Option(Value.VARIABLE)
_OFF = _flag("off")
_PARTITION = {
    "variable": _VARIABLE,
    "type": _choice("split", complete=Split.COMPLETE, cyclic=Split.CYCLIC, block=Split.BLOCK),
    "factor": _number("factor"),
    "dim": _number("dim", 0),
    "off": _OFF,
}
_SHARING = "operators are not shared and each is chosen by its width"
_STORAGE = "what keeps an array follows from its size and its banks"
_STYLE = "every pipeline stalls as a whole, and drains when it ends"
_IO = ("depth", "latency", "num_read_outstanding", "num_write_outstanding", "max_read_burst_length")

GRAMMAR: dict[str, Grammar] = {
    "pipeline": Grammar(
        Pipeline,
        {
            "ii": _number("interval"),
            "off": _OFF,
            "rewind": _flag(unused="the loop starts again when its function is started again"),
            "enable_flush": _flag(unused=_STYLE),
            "style": _choice(unused=_STYLE, stp=None, frp=None, flp=None),
        },
        place=Place.LOOP,
        single=True,
    ),
    "unroll": Grammar(
        Unroll,
        {
            "factor": _number("factor"),
            "off": _OFF,
            "skip_exit_check": _flag(unused="every copy of the body checks whether the loop ends"),
            "region": _flag(unused="it unrolls the loop it stands in; write UNROLL into the loops within"),
        },
        place=Place.LOOP,
        single=True,
    ),
    "array_partition": Grammar(ArrayPartition, _PARTITION, ("variable",)),
    "dependence": Grammar(
        Dependence,
        {
            "variable": _VARIABLE,
            "class": _choice(array=None, pointer=None),
            "type": _choice("inter", inter=True, intra=False),
            "direction": _choice("hazard", raw=Hazard.RAW, war=Hazard.WAR, waw=Hazard.WAW),
            "distance": _number("distance"),
            "dependent": _choice("dependent", true=True, false=False),
        },
        ("variable",),
    ),
    "stream": Grammar(
        Stream,
        {
            "variable": _VARIABLE,
            "depth": _number("depth"),
            "type": _choice(
                fifo=None, pipo=None, shared=None, unsync=None,
                refused={
                    name: f"type={name} is not built; a channel is a FIFO (hls::stream) or hls::stream_of_blocks"
                    for name in ("pipo", "shared", "unsync")
                },
            ),
            "off": Option(
                Value.FLAG,
                refused={"": "off is not built; a channel of blocks is an hls::stream_of_blocks"},
            ),
            "dim": _number(unused="a channel has no dimensions"),
        },
        ("variable",),
    ),
    "dataflow": Grammar(
        Dataflow,
        {
            "disable_start_propagation": _flag(unused="processes are started together and wait for their data"),
        },
        single=True,
    ),
    "interface": Grammar(
        Interface,
        {
            "mode": Option(Value.TEXT, "mode"),
            "port": Option(Value.TEXT, "port"),
            "register": Option(Value.FLAG, "options"),
            **{
                name: Option(Value.TEXT, "options")
                for name in ("bundle", "offset", "name", "register_mode", "storage_type", "storage_impl")
            },
            **{
                name: Option(Value.TEXT, "options")
                for name in ("clock", "interrupt", "channel", "direct_io")
            },
            **{
                name: Option(Value.NUMBER, "options", least=0)
                for name in (*_IO, "max_write_burst_length", "max_widen_bitwidth")
            },
        },
        free_word="mode",
    ),
    "loop_tripcount": Grammar(
        LoopTripcount,
        {"min": _number("least", 0), "max": _number("most", 0), "avg": _number("average", 0)},
        place=Place.LOOP,
        single=True,
    ),
    "inline": Grammar(Inline, {"off": _OFF, "recursive": _flag(), "region": _flag(), "on": _flag()}, single=True),
    "loop_flatten": Grammar(
        Hint, {"off": _flag()}, unused="loops are not flattened into one another", single=True
    ),
    "loop_merge": Grammar(Hint, {"force": _flag()}, unused="loops are not merged"),
    "latency": Grammar(
        Hint,
        {"min": _number("least", 0), "max": _number("most", 0)},
        unused="the schedule takes as few cycles as the clock allows",
    ),
    "bind_op": Grammar(
        Hint,
        {"variable": _VARIABLE, "op": _text(), "impl": _text(), "latency": _number(least=-1)},
        unused=_SHARING,
    ),
    "bind_storage": Grammar(
        Hint,
        {"variable": _VARIABLE, "type": _text(), "impl": _text(), "latency": _number(least=-1)},
        ("variable",),
        unused=_STORAGE,
    ),
    "resource": Grammar(
        Hint,
        {"variable": _VARIABLE, "core": _text(), "latency": _number(least=-1), "metadata": _text()},
        ("variable",),
        unused=_STORAGE,
    ),
    "allocation": Grammar(
        Hint,
        {
            "instances": _text(),
            "type": _choice(operation=None, function=None, core=None),
            "limit": _number(),
        },
        unused=_SHARING,
    ),
    "expression_balance": Grammar(
        Hint, {"off": _flag(unused="sums and products are balanced where that is exact")}, single=True
    ),
    "top": Grammar(Hint, {"name": _text()}, unused="the caller of the compiler names the top"),
    "stable": Grammar(
        Hint, {"variable": _VARIABLE}, ("variable",), unused="arguments are read at the start of a run"
    ),
    "aggregate": Grammar(
        InterfaceHint,
        {"variable": _VARIABLE, "compact": _choice(auto=None, none=None, byte=None, bit=None)},
        ("variable",),
        unused="each member of a struct is an object of its own",
    ),
    "disaggregate": Grammar(
        InterfaceHint, {"variable": _VARIABLE}, ("variable",), unused="each member is an object of its own anyway"
    ),
    "data_pack": Grammar(
        InterfaceHint,
        {
            "variable": _VARIABLE,
            "instance": _text(),
            "struct_level": _flag(),
            "field_level": _flag(),
        },
        ("variable",),
        unused="each member of a struct is an object of its own",
    ),
    "array_reshape": Grammar(
        InterfaceHint,
        {
            "variable": _VARIABLE,
            "type": _choice(complete=None, cyclic=None, block=None),
            "factor": _number(),
            "dim": _number(least=0),
            "object": _flag(),
            "off": _flag(),
        },
        ("variable",),
        unused="the array stays as it is; ARRAY_PARTITION gives it as many ports",
    ),
    "array_map": Grammar(
        InterfaceHint,
        {
            "variable": _VARIABLE,
            "instance": _text(),
            "horizontal": _flag(),
            "vertical": _flag(),
            "offset": _number(least=0),
        },
        ("variable",),
        unused="arrays do not share a memory",
    ),
    "function_instantiate": Grammar(
        Hint, {"variable": _VARIABLE}, ("variable",), unused="a function is inlined where it is called anyway"
    ),
    "occurrence": Grammar(
        Hint, {"cycle": _number(), "off": _flag()}, unused="everything in a pipeline may run in each iteration"
    ),
    "performance": Grammar(
        Hint,
        {
            **{name: _number() for name in ("target_ti", "target_tl", "assume_ti", "assume_tl")},
            "unit": _choice(sec=None, cycle=None),
            "scope": _choice(loop=None, region=None),
        },
        unused="nothing is pipelined or unrolled without a pragma that says so",
    ),
    "cache": Grammar(
        Hint,
        {
            "port": _text(),
            **{name: _number() for name in ("lines", "depth", "ways", "users")},
            "burst": _flag(),
            "write": _flag(),
        },
        ("port",),
        unused="requests go to the bus as the source makes them",
    ),
    "protocol": Grammar(
        Hint,
        {"mode": _choice(fixed=None, floating=None)},
        refused="statements cannot be tied to clock cycles; let streams carry their order (hls_cycle.h counts cycles)",
    ),
    "reset": Grammar(
        Hint,
        {"variable": _VARIABLE, "off": _flag()},
        ("variable",),
        refused="a reset does not bring initial values back; assign the value at the start of the function",
    ),
    "shared": Grammar(
        Hint,
        {"variable": _VARIABLE},
        ("variable",),
        refused="processes cannot share an array; hand it over in an hls::stream or hls::stream_of_blocks",
    ),
    "alias": Grammar(
        Hint,
        {name: _text() for name in ("ptr", "offset", "distance")},
        unused="an access to a bus is made as the source asks, whatever the others do",
    ),
}  # fmt: skip
