# SPDX-License-Identifier: Apache-2.0
"""How large a program may be and how long a tool may take: what is beyond is refused, and the message names the limit.

docs/reference/compiler.md prints this table.
"""

from __future__ import annotations

#: Iterations of one loop that is unrolled.
UNROLLED_ITERATIONS = 16_384
#: Operations of one loop's body, or of the statements between two jumps, once everything in it is unrolled.
OPERATIONS = 65_536
#: Bits of one array on the chip.
MEMORY_BITS = 1 << 28
#: Bits of an ``ap_int`` or ``ap_uint``; the headers hold it.
INTEGER_BITS = 4096
#: Seconds that one call of clang may take.
CLANG_SECONDS = 300
#: Seconds that one round of LLVM's passes may take.
LLVM_SECONDS = 300

TABLE = (
    ("iterations of a loop that is unrolled", UNROLLED_ITERATIONS),
    ("operations of a loop's body, or of statements without a jump", OPERATIONS),
    ("bits of one array", MEMORY_BITS),
    ("bits of an integer", INTEGER_BITS),
    ("bits of a scalar argument or of the returned value", 64),
    ("seconds of one call of clang", CLANG_SECONDS),
    ("seconds of one round of LLVM's passes", LLVM_SECONDS),
)
