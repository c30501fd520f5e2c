# SPDX-License-Identifier: Apache-2.0
"""Layer programs that something changes in DRAM after they were checked, and what the second reading of them finds."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from bad_programs import END, SIZES, Bases, T, change, program_of

from edgemoe.compiler.native import NativeKernel, build_native
from edgemoe.config import BuildConfig
from edgemoe.kernels import hls_folder, include_folders
from edgemoe.registers import DESCRIPTOR_BYTES, NO_INDEX, Descriptor, Epilogue, Error, Opcode


@dataclass(frozen=True)
class Changed:
    """A good program, what DRAM holds of it when it is read again, and how the run ends."""

    name: str
    program: bytes
    reread: bytes
    error: Error
    index: int

    @property
    def differs_at(self) -> int:
        """The first descriptor that is another one."""
        places = range(0, len(self.program), DESCRIPTOR_BYTES)
        return next(
            k - 1 for k, at in enumerate(places) if k and self.program[at:][:64] != self.reread[at:][:64]
        )


def with_descriptor(program: bytes, index: int, descriptor: Descriptor) -> bytes:
    """The program with another descriptor under the old checksum."""
    at = (index + 1) * DESCRIPTOR_BYTES
    return program[:at] + descriptor.pack() + program[at + DESCRIPTOR_BYTES :]


def changed_programs(build: BuildConfig) -> list[Changed]:
    """One program with every operation, changed in many ways."""
    base = Bases(build)
    linear = change(base.linear, epilogue=Epilogue.DRAM, mult0=7, stage=9)
    before = [base.load, linear, base.norm, base.attention, base.gate, base.experts, base.combine, base.store]
    program, descriptors = program_of(*before), [*before, END]
    end = len(before)
    place = {Opcode(d.opcode): index for index, d in enumerate(descriptors)}

    def row(name: str, of: Opcode, seen: int, **fields: int) -> Changed:
        index = place[of]
        reread = with_descriptor(program, index, change(descriptors[index], **fields))
        return Changed(name, program, reread, Error.CHANGED, seen)

    def own(name: str, of: Opcode, **fields: int) -> Changed:
        return row(name, of, place[of], **fields)

    compensated = change(linear, mult0=8, stage=8)  # words 8 and 15 are summands of the same sum
    behind_header = bytes(value ^ 0xFF for value in program[DESCRIPTOR_BYTES:])
    return [
        Changed("nothing", program, program, Error.NONE, NO_INDEX),
        own("the address of STORE leaves its region", Opcode.STORE, offset=SIZES.output),
        own("the size of STORE grows beyond its region", Opcode.STORE, size=0xFFFFFFFF),
        own("the output of LINEAR leaves its region", Opcode.LINEAR, size=SIZES.output),
        own("LINEAR gets too many tokens", Opcode.LINEAR, tokens=build.max_tokens + 1),
        own("the first descriptor gets an unknown operation", Opcode.LOAD, opcode=77),
        own("EXPERTS gets other tokens than its GATE", Opcode.EXPERTS, tokens=5),
        own("EXPERTS gets more experts than its GATE", Opcode.EXPERTS, heads=9),
        own("the experts lie beyond the weights", Opcode.EXPERTS, size=1 << 31),
        row(
            "GATE becomes another operation", Opcode.GATE, place[Opcode.EXPERTS],
            opcode=Opcode.COMBINE, k_tiles=1, dst_stride=T,
        ),
        own("END comes early", Opcode.COMBINE, opcode=Opcode.END),
        own("END is gone", Opcode.END, opcode=Opcode.STORE, size=1),
        row("a scale, which no check sees", Opcode.LINEAR, end, mult0=8),
        row("fewer tokens, which no check sees", Opcode.LINEAR, end, tokens=3),
        row("the address of STORE inside its region", Opcode.STORE, end, offset=1 << 10),
        row("a word of END", Opcode.END, end, stage=1),
        Changed("all bits", program, program[:DESCRIPTOR_BYTES] + behind_header, Error.CHANGED, 0),
        # The header is not read again: its count and its sum are those of the first reading.
        Changed("the header", program, bytes(DESCRIPTOR_BYTES) + program[DESCRIPTOR_BYTES:], Error.NONE, NO_INDEX),
        Changed("a count of one", program, _with_count(program, 1), Error.NONE, NO_INDEX),
        # A good program of the same sum is as good as the first.
        Changed(
            "two words, by sums that cancel", program, with_descriptor(program, 1, compensated), Error.NONE, NO_INDEX
        ),
    ]  # fmt: skip


def _with_count(program: bytes, count: int) -> bytes:
    return program[:8] + struct.pack("<I", count) + program[12:]


HOOK = "      const bool running = reading == 1;\n"
TOP = """
#include "edgemoe/packing.hpp"
#include <hls_burst_maxi.h>
static hls::burst_maxi<edgemoe::Beat>* edgemoe_later;
static unsigned edgemoe_beats;
static void edgemoe_change(hls::burst_maxi<edgemoe::Beat> program) {
  edgemoe_later->read_request(0, edgemoe_beats);
  program.write_request(0, edgemoe_beats);
  for (unsigned beat = 0; beat != edgemoe_beats; ++beat) program.write(edgemoe_later->read());
  program.write_response();
}
#include "edgemoe/walker.hpp"
using namespace edgemoe;
void changed_walker(hls::burst_maxi<Beat> program, hls::burst_maxi<Beat> later, ap_uint<32> program_bytes,
                    ap_uint<32> weights_bytes, ap_uint<32> image_bytes, ap_uint<32> output_bytes,
                    ap_uint<32> statistics_bytes, hls::stream<CommandWord>& commands,
                    hls::stream<TransferWord>& fetches, hls::stream<TransferWord>& stores,
                    hls::stream<ap_uint<16>>& expert_tokens, ap_uint<32>& status, ap_uint<32>& error_index,
                    ap_uint<32>& records) {
  edgemoe_later = &later;
  edgemoe_beats = program_bytes / kBeatBytes;
  walker(program, program_bytes, weights_bytes, image_bytes, output_bytes, statistics_bytes, commands, fetches,
         stores, expert_tokens, status, error_index, records);
}
"""


@lru_cache(maxsize=8)
def changed_walker(build: BuildConfig, work: Path) -> NativeKernel:
    """The native walker, whose program becomes the memory `later` between its two readings."""
    folder = work / f"changed-{build.name}"
    (folder / "edgemoe").mkdir(parents=True, exist_ok=True)
    text = (hls_folder() / "include/edgemoe/walker.hpp").read_text()
    if text.count(HOOK) != 1:
        raise ValueError(f"{HOOK!r} occurs {text.count(HOOK)} times in walker.hpp")
    text = text.replace(HOOK, HOOK + "      if (running) edgemoe_change(program);\n")
    (folder / "edgemoe/walker.hpp").write_text(text)
    source = folder / "changed.cpp"
    source.write_text(TOP)
    include = [folder, *include_folders(build, folder)]
    return NativeKernel(build_native(source, "changed_walker", include=include, out=folder, checks=True))
