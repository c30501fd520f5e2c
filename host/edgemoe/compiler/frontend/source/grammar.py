# SPDX-License-Identifier: Apache-2.0
"""The one table of the pragmas' grammar: options, words that stand alone, and what becomes of each pragma."""

from __future__ import annotations

from edgemoe.compiler.banks import Split
from edgemoe.compiler.frontend.source.options import Grammar, Option, Place, Value, choice, flag, number, text
from edgemoe.compiler.frontend.source.pragmas import (
    ArrayPartition,
    BindOp,
    BindStorage,
    Dataflow,
    Dependence,
    Hint,
    Inline,
    Interface,
    InterfaceHint,
    LoopTripcount,
    Pipeline,
    Stream,
    Unroll,
)
from edgemoe.compiler.ir import Hazard, Storage

_VARIABLE = Option(Value.VARIABLE)
_OFF = flag("off")
_PARTITION = {
    "variable": _VARIABLE,
    "type": choice("split", complete=Split.COMPLETE, cyclic=Split.CYCLIC, block=Split.BLOCK),
    "factor": number("factor"),
    "dim": number("dim", 0),
    "off": _OFF,
}
_SHARING = "operators are not shared and each is chosen by its width"
_CYCLES = "the schedule gives an operator the cycles that it needs"
_CORE = "BIND_STORAGE chooses what keeps an array"
_PORTS = "a bank has one port for reads and one for writes"
_READ = "a read takes one cycle, or two where the clock asks for an output register"
_STYLE = "every pipeline stalls as a whole, and drains when it ends"
_IO = ("depth", "latency", "num_read_outstanding", "num_write_outstanding", "max_read_burst_length")

GRAMMAR: dict[str, Grammar] = {
    "pipeline": Grammar(
        Pipeline,
        {
            "ii": number("interval"),
            "off": _OFF,
            "rewind": flag(unused="the loop starts again when its function is started again"),
            "enable_flush": flag(unused=_STYLE),
            "style": choice(unused=_STYLE, stp=None, frp=None, flp=None),
        },
        place=Place.LOOP,
        single=True,
    ),
    "unroll": Grammar(
        Unroll,
        {
            "factor": number("factor"),
            "off": _OFF,
            "skip_exit_check": flag(unused="every copy of the body checks whether the loop ends"),
            "region": flag(unused="it unrolls the loop it stands in; write UNROLL into the loops within"),
        },
        place=Place.LOOP,
        single=True,
    ),
    "array_partition": Grammar(ArrayPartition, _PARTITION, ("variable",)),
    "dependence": Grammar(
        Dependence,
        {
            "variable": _VARIABLE,
            "class": choice(array=None, pointer=None),
            "type": choice("inter", inter=True, intra=False),
            "direction": choice("hazard", raw=Hazard.RAW, war=Hazard.WAR, waw=Hazard.WAW),
            "distance": number("distance"),
            "dependent": choice("dependent", true=True, false=False),
        },
        ("variable",),
    ),
    "stream": Grammar(
        Stream,
        {
            "variable": _VARIABLE,
            "depth": number("depth"),
            "type": choice(
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
            "dim": number(unused="a channel has no dimensions"),
        },
        ("variable",),
    ),
    "dataflow": Grammar(
        Dataflow,
        {
            "disable_start_propagation": flag(unused="processes are started together and wait for their data"),
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
        {"min": number("least", 0), "max": number("most", 0), "avg": number("average", 0)},
        place=Place.LOOP,
        single=True,
    ),
    "inline": Grammar(Inline, {"off": _OFF, "recursive": flag(), "region": flag(), "on": flag()}, single=True),
    "loop_flatten": Grammar(
        Hint, {"off": flag()}, unused="loops are not flattened into one another", single=True
    ),
    "loop_merge": Grammar(Hint, {"force": flag()}, unused="loops are not merged"),
    "latency": Grammar(
        Hint,
        {"min": number("least", 0), "max": number("most", 0)},
        unused="the schedule takes as few cycles as the clock allows",
    ),
    "bind_op": Grammar(
        BindOp,
        {
            "variable": _VARIABLE,
            "op": Option(Value.TEXT, "operation"),
            "impl": Option(Value.TEXT, "implementation"),
            "latency": number(least=-1, unused=_CYCLES),
        },
    ),
    "bind_storage": Grammar(
        BindStorage,
        {
            "variable": _VARIABLE,
            "type": text(unused=_PORTS, done=("ram_s2p",)),
            "impl": choice(
                "storage",
                auto=None, bram=Storage.BRAM, lutram=Storage.LUTRAM, uram=Storage.URAM,
                bram_ecc=None, uram_ecc=None, srl=None,
                refused={
                    "bram_ecc": "impl=bram_ecc is not built; impl=bram has no check bits",
                    "uram_ecc": "impl=uram_ecc is not built; impl=uram has no check bits",
                    "srl": "impl=srl is not built; impl=lutram is made of the same cells",
                },
            ),
            "latency": number(least=-1, unused=_READ),
        },
        ("variable",),
    ),
    "resource": Grammar(
        Hint,
        {"variable": _VARIABLE, "core": text(), "latency": number(least=-1), "metadata": text()},
        ("variable",),
        unused=_CORE,
    ),
    "allocation": Grammar(
        Hint,
        {
            "instances": text(),
            "type": choice(operation=None, function=None, core=None),
            "limit": number(),
        },
        unused=_SHARING,
    ),
    "expression_balance": Grammar(
        Hint, {"off": flag(unused="sums and products are balanced where that is exact")}, single=True
    ),
    "top": Grammar(Hint, {"name": text()}, unused="the caller of the compiler names the top"),
    "stable": Grammar(
        Hint, {"variable": _VARIABLE}, ("variable",), unused="arguments are read at the start of a run"
    ),
    "aggregate": Grammar(
        InterfaceHint,
        {"variable": _VARIABLE, "compact": choice(auto=None, none=None, byte=None, bit=None)},
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
            "instance": text(),
            "struct_level": flag(),
            "field_level": flag(),
        },
        ("variable",),
        unused="each member of a struct is an object of its own",
    ),
    "array_reshape": Grammar(
        InterfaceHint,
        {
            "variable": _VARIABLE,
            "type": choice(complete=None, cyclic=None, block=None),
            "factor": number(),
            "dim": number(least=0),
            "object": flag(),
            "off": flag(),
        },
        ("variable",),
        unused="the array stays as it is; ARRAY_PARTITION gives it as many ports",
    ),
    "array_map": Grammar(
        InterfaceHint,
        {
            "variable": _VARIABLE,
            "instance": text(),
            "horizontal": flag(),
            "vertical": flag(),
            "offset": number(least=0),
        },
        ("variable",),
        unused="arrays do not share a memory",
    ),
    "function_instantiate": Grammar(
        Hint, {"variable": _VARIABLE}, ("variable",), unused="a function is inlined where it is called anyway"
    ),
    "occurrence": Grammar(
        Hint, {"cycle": number(), "off": flag()}, unused="everything in a pipeline may run in each iteration"
    ),
    "performance": Grammar(
        Hint,
        {
            **{name: number() for name in ("target_ti", "target_tl", "assume_ti", "assume_tl")},
            "unit": choice(sec=None, cycle=None),
            "scope": choice(loop=None, region=None),
        },
        unused="nothing is pipelined or unrolled without a pragma that says so",
    ),
    "cache": Grammar(
        Hint,
        {
            "port": text(),
            **{name: number() for name in ("lines", "depth", "ways", "users")},
            "burst": flag(),
            "write": flag(),
        },
        ("port",),
        unused="requests go to the bus as the source makes them",
    ),
    "protocol": Grammar(
        Hint,
        {"mode": choice(fixed=None, floating=None)},
        refused="statements cannot be tied to clock cycles; let streams carry their order (hls_cycle.h counts cycles)",
    ),
    "reset": Grammar(
        Hint,
        {"variable": _VARIABLE, "off": flag()},
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
        {name: text() for name in ("ptr", "offset", "distance")},
        unused="an access to a bus is made as the source asks, whatever the others do",
    ),
}  # fmt: skip
