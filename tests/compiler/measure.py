# SPDX-License-Identifier: Apache-2.0
"""How long compiling takes: `make compile-times`. CPU seconds with those of children, the least of three runs.

LLVM's part of a wide array against one with a quarter of the operations tells whether it grows with the program or
with its square; the accelerator is the largest program at hand.
"""

from __future__ import annotations

import json
import resource
import tempfile
from collections.abc import Callable
from pathlib import Path

from edgemoe.compiler.driver import compile_file
from edgemoe.compiler.frontend.clang import emit_llvm
from edgemoe.compiler.frontend.llvm import clean_up
from edgemoe.compiler.llvmir.reader import read_module
from edgemoe.config import board
from edgemoe.kernels import include_folders, kernel_source
from edgemoe.registers import IP_NAME

ROOT = Path(__file__).resolve().parents[2]
SHIM = ROOT / "hls" / "shim"
RUNS = 3


def cpu() -> float:
    """Seconds so far, of this process and of what it started."""
    spent = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in spent)


def least(work: Callable[[], object]) -> float:
    """The least CPU time of some runs."""
    times = []
    for _ in range(RUNS):
        start = cpu()
        work()
        times.append(cpu() - start)
    return round(min(times), 2)


def llvm_part(rows: int, columns: int, folder: Path) -> float:
    """Seconds that LLVM's passes and the text around them take for a packed array of rows x columns."""
    source = folder / f"packed_{rows}_{columns}.cpp"
    program = Path(__file__).parent / "programs" / "array_packed.cpp"
    source.write_text(f'#define ROWS {rows}\n#define COLUMNS {columns}\n#include "{program}"\n')
    raw, read, _, _ = emit_llvm(source, [SHIM], folder)

    def work() -> None:
        module = read_module(raw)
        clean_up(module, next(name for name in module.functions if "array_packed" in name), read)

    return least(work)


def measure() -> dict[str, float]:
    """The figures by name."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        small, large = llvm_part(32, 8, folder), llvm_part(64, 16, folder)
        include = include_folders(board("sim-small"))
        whole = least(
            lambda: compile_file(kernel_source(IP_NAME), IP_NAME, include=include, out=folder / "out")
        )
    return {
        "llvm_packed_32x8_s": small,
        "llvm_packed_64x16_s": large,
        "llvm_packed_ratio": round(large / small, 1),
        "accelerator_s": whole,
    }


if __name__ == "__main__":
    print(json.dumps(measure(), indent=1))
