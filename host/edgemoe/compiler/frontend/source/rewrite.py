# SPDX-License-Identifier: Apache-2.0
"""``#pragma HLS`` lines of preprocessed C++ become marker calls, which clang keeps and carries into its IR.

``#pragma HLS ARRAY_PARTITION variable=a cyclic factor=N`` becomes, on the same line, ::

    __hls_pragma(7, __hls_place(a), (long)(N));

where 7 is the pragma's place in :attr:`Source.pragmas`, counted from 1. clang evaluates the numbers, so constants and
template arguments work. The marker is declared in ``hls_intrinsics.h``; :mod:`edgemoe.compiler.frontend.markers`
reads it back and has the typed record.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from edgemoe.compiler.frontend.source.options import Place
from edgemoe.compiler.frontend.source.places import Lines, Point, apply
from edgemoe.compiler.frontend.source.pragmas import Dataflow, Hint, Inline
from edgemoe.compiler.frontend.source.reading import Written, read_pragma
from edgemoe.compiler.frontend.source.structure import (
    BODIES,
    Directive,
    Frame,
    Opens,
    Structure,
    loop_labels,
)
from edgemoe.compiler.ir import Loc


@dataclass(slots=True)
class Source:
    """A preprocessed text with marker calls in the place of pragmas."""

    text: str
    pragmas: list[Written] = field(default_factory=list)
    labels: dict[Point, str] = field(default_factory=dict)  #: of loops, by the place of their keyword

    def pragma(self, number: int) -> Written:
        """The pragma of a marker's number."""
        return self.pragmas[number - 1]


@dataclass(slots=True, eq=False)
class Marked:
    """A pragma and the statement it stands in."""

    directive: Directive
    written: Written


def find_pragmas(
    structure: Structure, lines: Lines, obstacles: Mapping[Loc, tuple[str, str]] | None = None
) -> list[Marked]:
    """The HLS pragmas of a text, each where it may stand.

    obstacles: of the INLINE off that no module came of, the function and the reason.

    Raises: CompileError for one that is not understood, or stands elsewhere.
    """
    found = []
    for directive in structure.directives:
        loc = lines.loc(directive.token.at)
        written = read_pragma(directive.token.text, loc)
        if written is not None:
            found.append(Marked(directive, written))
            _check_place(found[-1], structure, lines)
            if written.kind == "inline" and obstacles and loc in obstacles:
                written.settled["function"], written.settled["obstacle"] = obstacles[loc]
    _check_single(found)
    return found


def rewrite_pragmas(text: str, structure: Structure, lines: Lines, marked: list[Marked]) -> Source:
    """``text``, of which ``structure`` and ``lines`` tell, with a marker on each pragma's line; line numbers stay."""
    edits = []
    for number, item in enumerate(marked, 1):
        token = item.directive.token
        edits.append((token.at, token.end, _marker(number, item.written)))
    labels = {lines.point(at): label for at, label in loop_labels(structure).items()}
    return Source(apply(text, edits), [item.written for item in marked], labels)


def _marker(number: int, written: Written) -> str:
    if written.grammar.record is Inline and not written.settled.get("obstacle"):
        return ""  # what is done anyway, or a module by now
    values = "".join(f", long{{({cxx})}}" for _, cxx in written.numbers)
    variable = "(const void*)0"
    if written.variable and written.grammar.record is Hint:
        values += f", (long)sizeof({written.variable})"  # it must exist, and stays out of memory
    elif written.variable:
        variable = f"__hls_place({written.variable})"
        # Its size, after all values, tells a struct from its first member; of a pointer nobody knows how much it names.
        named = written.variable
        values += f", (long)(sizeof({named}) * !__is_pointer(__typeof__({named})))"
    return f"__hls_pragma({number}, {variable}{values});"


def _check_place(marked: Marked, structure: Structure, lines: Lines) -> None:
    """Refuses a pragma whose marker would be no statement of the block that it seems to stand in."""
    directive, written = marked.directive, marked.written
    frame, before, after = (
        directive.frames[-1] if directive.frames else None,
        directive.before,
        directive.after,
    )
    if frame is None or frame.opens is Opens.SCOPE:
        raise written.error(
            f"the pragma HLS {written.name} stands outside any function; write it into the body of the function."
        )
    alone = before is not None and before.text in (")", "else", "do")
    if (alone or directive.labelled_alone) and frame.opens in BODIES:
        raise written.error(
            f"the pragma HLS {written.name} stands where a statement begins that has no braces; put the body in braces "
            "and write the pragma behind the opening one."
        )
    amid = before is not None and before.text not in ("{", "}", ";", ":")
    if frame.opens not in BODIES or amid or (after is not None and after.text == "else"):
        raise written.error(
            f"the pragma HLS {written.name} stands amid a statement; write it between two statements of a block."
        )
    if directive.behind and written.grammar.record is not Inline:
        raise written.error(
            f"the pragma HLS {written.name} stands behind '{directive.behind}', where nothing is run and clang drops "
            "it; write it at the start of the body."
        )
    if written.grammar.record is Dataflow:
        _check_dataflow(marked, structure, lines)
    owner = directive.innermost(Opens.LOOP, Opens.FUNCTION)
    if written.grammar.place is Place.LOOP and (owner is None or owner.opens is Opens.FUNCTION):
        raise written.error(_OUTSIDE_LOOP.format(written.name, _LOOP_ADVICE.get(written.kind, "")))
    if written.grammar.place is Place.LOOP and after is not None and after.text in ("for", "while", "do"):
        assert owner is not None
        line = lines.loc(structure.tokens[owner.header].at).line
        written.notes.append(
            f"the pragma HLS {written.name} is one of the loop of line {line}, which it stands in, not of the "
            "loop that follows."
        )


def _check_dataflow(marked: Marked, structure: Structure, lines: Lines) -> None:
    """Refuses DATAFLOW in a loop or a branch: the processes of a function start once, together."""
    frame = marked.directive.innermost(Opens.LOOP, Opens.BRANCH, Opens.FUNCTION)
    if frame is None or frame.opens is Opens.FUNCTION:
        return
    what = "loop" if frame.opens is Opens.LOOP else "branch"
    line = lines.loc(structure.tokens[frame.header].at).line
    cure = "write the loop into each process" if frame.opens is Opens.LOOP else "let the processes decide"
    raise marked.written.error(
        f"the pragma HLS DATAFLOW stands in the {what} of line {line}, and only the body of a function can be a "
        f"dataflow region, whose processes start once and together; {cure}, and DATAFLOW into the function that calls "
        "them."
    )


_OUTSIDE_LOOP = "the pragma HLS {} stands in no loop; write it into the loop's body{}."
_LOOP_ADVICE = {
    "pipeline": " (a function is not pipelined by itself: pipeline the loop that calls it, or make it a module of "
    "fixed latency with INLINE off)",
}


def _check_single(marked: list[Marked]) -> None:
    """Refuses a second pragma of a kind, and contradictory ones, for one loop or function."""
    seen: dict[tuple[Frame, str], Written] = {}
    for item in marked:
        written, grammar = item.written, item.written.grammar
        if not grammar.single:
            continue
        wanted = (Opens.LOOP, Opens.FUNCTION) if grammar.place is Place.LOOP else (Opens.FUNCTION,)
        if written.kind == "loop_flatten":
            wanted = (Opens.LOOP, Opens.FUNCTION)
        owner = item.directive.innermost(*wanted)
        assert owner is not None
        what = "loop" if owner.opens is Opens.LOOP else "function"
        before = seen.setdefault((owner, written.kind), written)
        if before is not written:
            raise written.error(
                f"this {what} has a pragma HLS {written.name} already, in line {before.loc.line}; keep one of them."
            )
        pipeline, unroll = (seen.get((owner, kind)) for kind in ("pipeline", "unroll"))
        if pipeline and unroll and not (pipeline.off or unroll.off or unroll.numbers):
            raise written.error(
                "this loop has the pragmas HLS PIPELINE and UNROLL; once all its iterations are side by side there "
                "is no loop to pipeline: keep one of them, or give UNROLL a factor."
            )
