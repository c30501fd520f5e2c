# SPDX-License-Identifier: Apache-2.0
"""Reads the pragma markers out of LLVM IR text, once everything is inlined and before any optimisation.

A marker that names a variable would keep that variable in memory, so all markers are deleted here. What they said
becomes :class:`Fact` objects. A pipelined loop keeps ``__hls_mark_pipeline(loop number, II)`` in its body, which
survives to the end; unrolling is asked for by LLVM's loop metadata, one fresh node a loop.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from edgemoe.compiler.frontend.abi import strings
from edgemoe.compiler.frontend.debug import DebugInfo
from edgemoe.compiler.frontend.layout import Layout, array
from edgemoe.compiler.ir import NOWHERE, Loc

#: Mangled name of the body of a fixed-latency module, ``hls::module<...>::body()``.
MODULE_BODY = re.compile(r"4bodyEv$")
PIPELINE_MARK = "__hls_mark_pipeline"
#: Loop metadata that says which loop of the source it is: a loop that runs once disappears, its mark does not.
LOOP_NUMBER = "hls.loop"

_MARKER = re.compile(r"\s*call void .*@__hls_pragma\((?P<args>.*?)\)(?: #\d+)?(?:, !dbg !(?P<debug>\d+))?$")
_LABEL = re.compile(r'([\w.$-]+|"[^"]*"):')
_LOOP_PRAGMAS = frozenset({"pipeline", "unroll", "dependence", "loop_tripcount"})


@dataclass(slots=True)
class Fact:
    """One pragma: ``variable`` is the LLVM value it names ("" for none), ``loop`` the pipelined loop it stands in."""

    function: str
    kind: str
    words: list[str]
    variable: str
    numbers: dict[str, int]
    debug: str  #: of the marker, in the text that it was read from
    block: str
    loc: Loc = NOWHERE
    loop: int = 0
    offset: int = 0  #: of the named member in the variable, bytes
    size: int | None = None  #: bytes of the named member; None: the whole variable

    def option(self, key: str) -> str:
        """The text of the word ``key=text``, or ""."""
        return next((w.split("=", 1)[1] for w in self.words if w.startswith(key + "=")), "")


@dataclass(slots=True)
class _Loop:
    blocks: set[str]
    latch_line: int
    metadata: str
    number: int = 0
    inner: list[_Loop] = field(default_factory=list)
    notes: dict[str, None] = field(default_factory=dict)


@dataclass(slots=True)
class _Function:
    name: str = ""
    successors: dict[str, list[str]] = field(default_factory=dict)
    latches: list[tuple[str, str, str, int]] = field(default_factory=list)  # block, header, metadata, line
    facts: list[Fact] = field(default_factory=list)
    definitions: dict[str, str] = field(default_factory=dict)  # pointer values: the line that makes them
    stored: dict[str, str] = field(default_factory=dict)  # pointer variables: what they are set to


def extract(text: str) -> tuple[str, list[Fact]]:
    """The text without markers and with loop metadata, and the facts in program order."""
    names = strings(text)
    lines: list[str] = []
    functions: list[_Function] = []
    current = _Function()
    name = block = ""
    marks: dict[int, Fact] = {}  # line index -> pipeline fact
    for line in text.split("\n"):
        if line.startswith("define "):
            found = re.search(r"@([\w$.]+)\(", line)
            name, block = found[1] if found else "", "entry"
            current = _Function(name)
            functions.append(current)
        elif name and (label := _LABEL.match(line)):
            block = label[1].strip('"')
        elif line == "}":
            name = ""
        if name and "@__hls_pragma(" in line and (call := _MARKER.match(line)):
            fact = _fact(call, names, name, block)
            current.facts.append(fact)
            if fact.kind == "pipeline" and "off" not in fact.words:
                marks[len(lines)] = fact
                lines.append("")
            continue
        if name and (branch := re.match(r"\s*(?:br|switch) ", line)):
            targets = [t.strip('"') for t in re.findall(r'label %([\w.$-]+|"[^"]*")', line)]
            current.successors[block] = targets
            metadata = re.search(r"!llvm\.loop !(\d+)", line)
            if branch and metadata:
                current.latches.append((block, targets[0], metadata[1], len(lines)))
        elif name and re.match(r"\s+\]", line):  # the end of a switch over several lines
            current.successors.setdefault(block, [])
        elif name and (case := re.match(r"\s+i\d+ -?\d+, label %([\w.$-]+|\"[^\"]*\")", line)):
            current.successors.setdefault(block, []).append(case[1].strip('"'))
        if "call void @llvm.lifetime" in line:
            continue
        if name and " ptr " in line:
            _remember_pointer(line, current)
        lines.append(line)
    _resolve_variables(text, functions)
    facts = [fact for function in functions for fact in function.facts]
    debug_info = DebugInfo(dict(re.findall(r"^!(\d+) = (.*)$", text, re.MULTILINE)))
    for fact in facts:
        fact.loc = debug_info.loc(fact.debug)
    extra = _annotate(text, lines, functions)
    for index, fact in marks.items():
        interval = fact.numbers.get("ii", 1)
        debug = f", !dbg !{fact.debug}" if fact.debug else ""
        lines[index] = f"  call void @{PIPELINE_MARK}(i32 {fact.loop}, i32 {interval}){debug}"
    declare = (
        f"declare void @{PIPELINE_MARK}(i32, i32) nounwind willreturn memory(inaccessiblemem: readwrite)"
    )
    return "\n".join([*lines, declare, *extra]), facts


def _fact(call: re.Match[str], names: dict[str, str], function: str, block: str) -> Fact:
    arguments = [a.split()[-1] for a in call["args"].split(", ")]
    kind, words, variable = names[arguments[0][1:]], names[arguments[1][1:]], arguments[2]
    pairs = zip(arguments[3::2], arguments[4::2], strict=True)
    numbers = {names[key[1:]]: int(value) for key, value in pairs if re.fullmatch(r"-?\d+", value)}
    return Fact(
        function,
        kind,
        words.split(),
        "" if variable == "null" else variable,
        numbers,
        call["debug"] or "",
        block,
    )


_POINTER = re.compile(r"\s*(%[\w.$-]+) = (?:getelementptr|load ptr,) ")
_STORE_POINTER = re.compile(r"\s*store ptr ([%@][\w.$-]+), ptr (%[\w.$-]+)")
_GEP = re.compile(
    r"= getelementptr (?:\w+ )*?(%[^,]+|\[.*\]|i\d+), ptr ([%@][\w.$-]+)((?:, i\d+ -?\d+)*)(?:, !dbg.*)?$"
)


def _remember_pointer(line: str, function: _Function) -> None:
    if made := _POINTER.match(line):
        function.definitions[made[1]] = line
    elif stored := _STORE_POINTER.match(line):
        function.stored.setdefault(stored[2], stored[1])


def _resolve_variables(text: str, functions: list[_Function]) -> None:
    """References, array parameters and members that a pragma names are traced to the variable behind them."""
    layout = Layout(dict(re.findall(r'^(%(?:[\w.:$-]+|"[^"]*")) = type (.*)$', text, re.MULTILINE)))
    for function in functions:
        for fact in function.facts:
            while fact.variable:
                if fact.variable in function.stored:
                    fact.variable = function.stored[fact.variable]
                    continue
                line = function.definitions.get(fact.variable, "")
                if " load ptr" in line and (
                    source := re.search(r"ptr (%[\w.$-]+)", line.split("load ptr,")[1])
                ):
                    fact.variable = source[1]
                    if fact.variable not in function.stored:
                        break
                elif gep := _GEP.search(line):
                    _enter_member(fact, gep, layout)
                else:
                    break


def _enter_member(fact: Fact, gep: re.Match[str], layout: Layout) -> None:
    type_ = gep[1]
    indices = [int(word.split()[1]) for word in gep[3].split(", ")[1:]]
    offset = indices[0] * layout.size(type_) if indices else 0
    for index in indices[1:]:
        if type_.startswith("["):
            type_ = array(type_)[1]
            offset += index * layout.size(type_)
        else:
            inner, type_ = layout.fields(type_)[index]
            offset += inner
    fact.offset += offset
    if fact.size is None:
        fact.size = layout.size(type_)
    fact.variable = gep[2]


def _loops(function: _Function) -> list[_Loop]:
    predecessors: dict[str, list[str]] = {}
    for block, targets in function.successors.items():
        for target in targets:
            predecessors.setdefault(target, []).append(block)
    loops = []
    for latch, header, metadata, line in function.latches:
        blocks, stack = {header}, [latch]
        while stack:
            block = stack.pop()
            if block not in blocks:
                blocks.add(block)
                stack += predecessors.get(block, [])
        loops.append(_Loop(blocks, line, metadata))
    for loop in loops:
        loop.inner = [other for other in loops if other.blocks < loop.blocks]
    return loops


def _annotate(text: str, lines: list[str], functions: list[_Function]) -> list[str]:
    """Gives each loop its own metadata node with what the pragmas ask; returns the new nodes."""
    nodes = dict(re.findall(r"^!(\d+) = (distinct !\{.*\})$", text, re.MULTILINE))
    contents = dict(re.findall(r'^!(\d+) = (!\{!"llvm\.loop.*\})$', text, re.MULTILINE))
    free = max((int(n) for n in re.findall(r"^!(\d+) =", text, re.MULTILINE)), default=0) + 1
    extra: list[str] = []
    number = 0
    for function in functions:
        loops = _loops(function)
        for loop in loops:
            number += 1
            loop.number = number
            loop.notes[f'!{{!"{LOOP_NUMBER}", i32 {number}}}'] = None
        for fact in function.facts:
            if fact.kind not in _LOOP_PRAGMAS:
                continue
            around = sorted(
                (loop for loop in loops if fact.block in loop.blocks), key=lambda q: len(q.blocks)
            )
            if not around:
                continue
            if fact.kind == "pipeline" and "off" not in fact.words:
                fact.loop = around[0].number
                around[0].notes['!{!"llvm.loop.unroll.disable"}'] = None
                for loop in around[0].inner:
                    loop.notes['!{!"llvm.loop.unroll.full"}'] = None
            elif fact.kind == "unroll":
                factor = fact.numbers.get("factor")
                note = f'"llvm.loop.unroll.count", i32 {factor}' if factor else '"llvm.loop.unroll.full"'
                around[0].notes[f"!{{!{note}}}"] = None
        _bind_dependences(function, loops)
        if MODULE_BODY.search(function.name):  # a module has no control: its loops must go
            for loop in loops:
                if not any("unroll" in note for note in loop.notes):
                    loop.notes['!{!"llvm.loop.unroll.full"}'] = None
        for loop in loops:
            tail = [n for n in re.findall(r"!(\d+)", nodes.get(loop.metadata, "")) if n != loop.metadata]
            if 'unroll.full"}' in "".join(loop.notes):
                loop.notes.pop('!{!"llvm.loop.unroll.disable"}', None)
            if not any("unroll" in n for n in loop.notes) and not any(
                "unroll" in contents.get(n, "") for n in tail
            ):
                loop.notes['!{!"llvm.loop.unroll.disable"}'] = None
            members = [f"!{n}" for n in tail]
            for note in loop.notes:
                extra.append(f"!{free} = {note}")
                members.append(f"!{free}")
                free += 1
            extra.append(f"!{free} = distinct !{{{', '.join([f'!{free}', *members])}}}")
            line = lines[loop.latch_line]
            lines[loop.latch_line] = re.sub(r"!llvm\.loop !\d+", f"!llvm.loop !{free}", line)
            free += 1
    return extra


def _bind_dependences(function: _Function, loops: list[_Loop]) -> None:
    """A DEPENDENCE or trip count in a pipelined loop's body belongs to that loop (0: to the whole function)."""
    pipelines = [f for f in function.facts if f.kind == "pipeline" and f.loop]
    for fact in function.facts:
        if fact.kind not in ("dependence", "loop_tripcount"):
            continue
        around = sorted((loop for loop in loops if fact.block in loop.blocks), key=lambda q: len(q.blocks))
        for loop in around:
            own = [p for p in pipelines if _innermost(loops, p.block) is loop]
            if own:
                fact.loop = own[0].loop
                break


def _innermost(loops: list[_Loop], block: str) -> _Loop | None:
    return min((q for q in loops if block in q.blocks), key=lambda q: len(q.blocks), default=None)
