# SPDX-License-Identifier: Apache-2.0
"""What clang says about a program, as errors and notes of ours: some of its warnings are certain faults, and some of
its errors need another sentence, one with the way out.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from edgemoe.compiler.errors import CompileError
from edgemoe.compiler.ir import Loc, Note
from edgemoe.compiler.llvmir.debug import in_shim

#: Warnings that clang is asked for beyond its own choice.
FLAGS = [
    *("-Wall", "-Wno-unused", "-Wno-unused-command-line-argument", "-Wno-undefined-internal", "-Wunused-value"),
    *("-Wconditional-uninitialized", "-Wno-c++26-extensions", "-Wno-unused-label", "-Wno-missing-braces"),
    *("-Wno-logical-op-parentheses", "-Wno-bitwise-op-parentheses", "-Wno-shift-op-parentheses"),
    *("-Wsource-uses-openmp", "-Wsign-compare", "-Wtype-limits", "-Wunreachable-code", "-Wimplicit-fallthrough"),
]  # fmt: skip

#: Warnings by clang's name that are errors here, with what clang does not say.
_FAULTS = {
    "-Warray-bounds": "an access outside an array has no place in hardware",
    "-Wdivision-by-zero": "the result of a division by zero is not defined",
    "-Wshift-count-overflow": "a shift by the width or more is not defined; widen the operand first",
    "-Wshift-count-negative": "a shift by a negative count is not defined; shift the other way",
    "-Wuninitialized": "give it a value where it is declared",
    "-Wreturn-type": "let every path return a value",
    "-Winfinite-recursion": "recursion cannot become hardware; write a loop",
    "-Wvla-cxx-extension": "the size of an array must be a constant; take the largest that is needed",
    "-Wvla-extension": "the size of an array must be a constant; take the largest that is needed",
    "-Wnull-dereference": "there is no memory behind a null pointer",
}
_CURE = {
    "-Wimplicit-fallthrough": "end the case with break, or write [[fallthrough]]; where that is meant",
    "-Wsometimes-uninitialized": "give it a value where it is declared",
    "-Wconditional-uninitialized": "give it a value where it is declared",
}
#: Our sentences for errors of clang's, by a part of its message.
_SENTENCES = (
    ("with exceptions disabled", "exceptions cannot become hardware; return a status or write it to an output."),
    ("use of undeclared identifier 'malloc'", "'malloc' needs a heap, which hardware does not have; declare an array."),
    ("undefined template 'hlsd::pack<double>'", "a stream of double: floating point is not supported; use ap_fixed."),
    ("undefined template 'hlsd::pack<float>'", "a stream of float: floating point is not supported; use ap_fixed."),
    ("thread-local storage is not supported", "thread_local: hardware has one thread; make the variable static."),
    ("deleted constructor of 'hls::stream<", "a stream cannot be copied; pass it by reference, hls::stream<T>&."),
    ("deleted constructor of 'stream<", "a stream cannot be copied; pass it by reference, hls::stream<T>&."),
    ("no member named 'dsp", "of the DSP slices only hls::dsp48e2 is built, for all families; use it."),
    ("no member named 'size' in 'hls::stream<", "hls::stream has no size() in hardware; ask empty() or full(), or "
     "count what is read and written."),
    ("no member named 'capacity' in 'hls::stream<", "hls::stream has no capacity() in hardware; write its depth as "
     "a constant, the one of the pragma HLS STREAM."),
)  # fmt: skip
_NO_MEMBER = "no member named '", "' in 'hls::stream<"
_NO_ELEMENT = "undefined template 'hlsd::pack<"
_HEADERS = {
    "hls_math.h": "there is no floating point; write the function with ap_fixed, or as a table",
    "ap_axi_sdata.h": "streams of plain elements become AXI4-Stream in <top>_axis, with TLAST at a run's end",
    "ap_axi_sdata": "streams of plain elements become AXI4-Stream in <top>_axis, with TLAST at a run's end",
    "hls_fft.h": "the vendor's libraries are not part of this compiler",
    "hls_task.h": "call the processes from a DATAFLOW function",
    "hls_print.h": "print in the test bench, from the native build",
    "vector": "use an array of a fixed size, or hls::vector",
    "array": "use an array, or hls::vector",
    "cmath": "there is no floating point; write the function with integers or ap_fixed",
    "math.h": "there is no floating point; write the function with integers or ap_fixed",
    "iostream": "print in the test bench, from the native build",
    "cstdio": "print in the test bench, from the native build",
    "stdio.h": "print in the test bench, from the native build",
    "thread": "call the processes from a DATAFLOW function",
    "string": "use an array of char of a fixed size",
    "complex": "write a struct of two integers or ap_fixed",
}
_NO_STANDARD = "keep it out of what is synthesised, e.g. by #ifndef __HLS_SYNTH__"


@dataclass(frozen=True)
class Complaint:
    """One line of clang's: where, ``error``, ``warning`` or ``note``, what, and the name of the warning."""

    loc: Loc
    kind: str
    message: str
    flag: str = ""


def complaints(text: str) -> list[Complaint]:
    """The complaints in what clang wrote to stderr; where one is inside our headers, the note that leads out of them
    says where it is.
    """
    found: list[Complaint] = []
    inside: Complaint | None = None
    for line in text.splitlines():
        complaint = _complaint(line)
        if complaint is None:
            continue
        if complaint.kind == "note":
            if inside is not None and not in_shim(complaint.loc.file) and complaint.loc.line:
                found.append(Complaint(complaint.loc, inside.kind, inside.message, inside.flag))
                inside = None
            continue
        if inside is not None:
            found.append(inside)
        inside = complaint if in_shim(complaint.loc.file) else None
        if inside is None:
            found.append(complaint)
    return [*found, inside] if inside is not None else found


def _complaint(line: str) -> Complaint | None:
    for kind in ("fatal error", "error", "warning", "note"):
        place, sign, message = line.partition(f": {kind}: ")
        parts = place.rsplit(":", 2)
        if sign and len(parts) == 3 and parts[1].isdigit() and parts[2].isdigit():
            text, bracket, flags = message.rpartition(" [")
            names = flags.removesuffix("]").split(",") if bracket and flags.endswith("]") else []
            if not any(name.startswith("-W") for name in names):
                text, names = message, []
            flag = next((name for name in names if name.startswith("-W") and name != "-Werror"), "")
            return Complaint(Loc(parts[0], int(parts[1])), kind.removeprefix("fatal "), text, flag)
    return None


def same_place(a: Loc, b: Loc) -> bool:
    """Whether two places are one line; clang shortens some paths, and others not."""
    return a.line == b.line and Path(a.file).absolute() == Path(b.file).absolute()


def judge(text: str) -> list[Note]:
    """Warnings for the user. Raises: CompileError for the first error, or for a warning that is a certain fault."""
    found = complaints(text)
    for complaint in found:
        if complaint.kind == "error":
            raise _error(complaint, _sentence(complaint.message))
    notes: dict[Note, None] = {}
    for complaint in found:
        if cure := _FAULTS.get(complaint.flag):
            raise _error(complaint, f"{complaint.message}: {cure}.")
        if not in_shim(complaint.loc.file):
            cure = _CURE.get(complaint.flag, "")
            notes[Note(complaint.loc, f"{complaint.message}{f': {cure}' if cure else ''}.", warning=True)] = (
                None
            )
    return list(notes)


def _error(complaint: Complaint, sentence: str) -> CompileError:
    return CompileError(complaint.loc.file, complaint.loc.line, sentence)


def _sentence(message: str) -> str:
    for part, ours in _SENTENCES:
        if part in message:
            return ours
    before, in_stream, _ = message.partition(_NO_MEMBER[1])
    if in_stream and before.startswith(_NO_MEMBER[0]):
        name = before.removeprefix(_NO_MEMBER[0])
        return f"hls::stream has no '{name}'; it has read, write, read_nb, write_nb, empty, full, >> and <<."
    _, no_element, kind = message.partition(_NO_ELEMENT)
    if no_element:
        return (
            f"a stream of {kind.rpartition('>')[0]}: an element is an integer, ap_int, ap_fixed, an enumeration, an "
            "hls::vector, or a plain struct of these and of arrays of them."
        )
    if message.endswith("file not found"):
        return _header(message.split("'")[1])
    return message if message.endswith(".") else f"{message}."


def _header(name: str) -> str:
    if cure := _HEADERS.get(name):
        return f"the header <{name}> is not there for hardware: {cure}."
    if "." not in name:
        return f"the standard header <{name}> is not there for hardware: {_NO_STANDARD}."
    return f"the file '{name}' is not found; give its folder with -I, or {_NO_STANDARD}."
