# SPDX-License-Identifier: Apache-2.0
"""Programs that once failed, each shrunk to ``found/<name>.cpp`` with a top of that name, and why they failed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

FOUND_FOLDER = Path(__file__).parents[1] / "found"


@dataclass(frozen=True)
class Found:
    """``seed`` made the program; ``cause`` is in a sentence; ``open`` says what still has to be mended."""

    cause: str
    seed: int = 0
    open: str = ""


FOUND: dict[str, Found] = {
    "module_narrow_argument": Found(
        "A call of a module passed the arguments that the module does not use, too.",
        112,
    ),
    "static_only_read": Found(
        "A memory that nobody writes had neither a driver nor an initial value.",
        124,
    ),
    "local_only_read": Found("A local array that is only cleared and read had no driver.", 103),
    "static_member_only_read": Found(
        "Initial values of a static struct's member that nobody writes were lost.",
        100,
    ),
    "chosen_address": Found(
        "LLVM made a choice of addresses out of a choice of indices.",
        1001,
    ),
    "chosen_tables": Found(
        "Tables among whose elements LLVM chose an address, and statics alike, lost their values.", 10174
    ),
    "index_compared": Found(
        "A constant that LLVM took from a comparison was refused as an index outside the array.", 10171
    ),
    "bytes_chosen": Found("A choice among numbers of bytes was no index of whole elements.", 3),
    "bytes_walked": Found("A pointer over an array of bytes was taken to move inside of a struct.", 83),
    "members_chosen": Found(
        "A choice of members of different elements was no path that others start from.", 138
    ),
    "backslash_constant": Found("LLVM's text of a backslash in a constant was read as a number.", 10),
    "part_of_partition": Found("What LLVM took out of a partitioned array was refused as no array.", 28),
    "large_member_copied": Found("A struct with one large member was copied as itself, for ever.", 146),
    "module_reads_table": Found("A table that a module reads in one case only made it control flow.", 142),
    "module_late_argument": Found(
        "The interpreter of the schedule read a module's arguments all at its start.",
        116,
    ),
    "module_without_arguments": Found("A module that uses no argument had an empty connection.", 23),
    "exits_joined": Found(
        "A loop of a pipeline with two exits in one condition was refused as endless.", 352
    ),
    "unwritten_bank": Found("A register that no index reaches was read, and nothing drove it.", 7),
    "read_only_bank": Found("A bank of a RAM that no index reaches was read, and nothing drove it.", 291),
    "table_compared": Found("A comparison that the contents of a table decide was made, and refused."),
    "shifts_in_turn": Found(
        "Verilator added the numbers of bits of two shifts up in too few bits; the hardware was right.", 10250
    ),
    "block_of_stores": Found("No schedule was found for a block with many accesses of one port.", 10308),
    "moved_around": Found(
        "A choice of arrays around a chosen index, and bytes walked from a chosen address, were refused.",
        10304,
    ),
    "six_bytes": Found(
        "A store of an integer of 48 bits was taken to fill the eight bytes that it takes.", 23191
    ),
    "product_compared": Found("What LLVM knows of overflows was refused as an instruction.", 23208),
    "equal_values": Found("An assertion of LLVM's search for equal values ended the compiler.", 20924),
    "tables_of_modules": Found(
        "The interpreters gave a module another module's table of the same name; the hardware was right.",
        23403,
    ),
    "rows_of_one": Found("The index of a chosen row of one element was lost: it was always the first row."),
}
