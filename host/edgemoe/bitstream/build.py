# SPDX-License-Identifier: Apache-2.0
"""`edgemoe bitstream`: the folder for the vendor's tools, then Vivado if it is there."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from edgemoe.bitstream.folder import folder_files
from edgemoe.bitstream.parts import doubt
from edgemoe.blockdesign import board_facts
from edgemoe.config import board
from edgemoe.errors import DeviceError, UserError
from edgemoe.folders import claim
from edgemoe.progress import Progress, clock
from edgemoe.sim.build import compile_rtl

COMMAND = ("vivado", "-mode", "batch", "-nojournal", "-log", "vivado.log", "-source", "build.tcl")
OURS = (
    *("README.md", "build.tcl", "vitis_hls.tcl", "manifest.json", "expected/*", "rtl/*/*"),
    *("hls/*/*.h", "hls/*/*.hpp", "hls/*/*.cpp", "hls/*/*/*.hpp"),
)
"""What it writes, as patterns; what Vivado makes is Vivado's."""
NEED_BYTES = 4 << 20
"""Room for that."""
TELL_SECONDS = 30.0
"""Between two lines that say that Vivado is alive."""
TAIL = 8
"""Lines of Vivado's log that a message quotes."""


def build_bitstream(
    board_name: str, out: Path, *, jobs: int, hours: float, progress: Progress
) -> tuple[Path, Path]:
    """Fill `out` with all that Vivado needs and let it build the bitstream; its path and the .hwh's.

    jobs: processes of Vivado; hours: how long it may take.

    Raises:
        UserError: no such board, a folder that can't be filled, or no Vivado: then the folder is whole nevertheless.
        DeviceError: Vivado failed, timing included, or took too long; its log is kept.
    """
    build = board(board_name)
    if board_facts(build.name).board_part is None:
        raise UserError(
            f"The board {build.name} exists in simulation only; `edgemoe cosim --board {build.name}` runs it."
        )
    with claim(out, OURS, need_bytes=NEED_BYTES) as claimed:
        rtl = compile_rtl(build, progress=progress.step)
        files = folder_files(build, rtl)
        if reason := doubt(build.name, rtl.report):
            progress.note(reason)
        claimed.fill(lambda work: _write(work, files))
        vivado = shutil.which(COMMAND[0])
        if vivado is None:
            raise UserError(
                "No bitstream was built: Vivado was not found on PATH. All that it needs is in "
                f"{out}; on a machine that has it, go there and run\n\n    vivado -mode batch -source build.tcl\n\n"
                "README.md in that folder has the steps."
            )
        arguments = [vivado, *COMMAND[1:], "-tclargs", "--jobs", str(jobs)]
        run_watched(arguments, out, hours=hours, say=progress.note)
    bit, hwh = out / "vivado" / "edgemoe.bit", out / "vivado" / "edgemoe.hwh"
    if not (bit.is_file() and hwh.is_file()):
        raise DeviceError(
            f"Vivado ended without an error, but {bit} or its .hwh is missing; {out / 'vivado.log'} may say why."
        )
    return bit, hwh


def _write(work: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        path = work / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def run_watched(arguments: list[str], folder: Path, *, hours: float, say: Callable[[str], None]) -> None:
    """Run a tool in `folder`, its output in `vivado.out` there, telling now and then that it is alive.

    Raises:
        DeviceError: it failed, or did not end in time and was stopped.
    """
    started = told = time.monotonic()
    log = folder / "vivado.out"
    with log.open("wb") as output:
        process = subprocess.Popen(
            arguments,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        say(f"Vivado: started, process {process.pid}; what it says goes to {log}")
        try:
            while True:
                try:
                    status = process.wait(timeout=1.0)
                    break
                except subprocess.TimeoutExpired:
                    now = time.monotonic()
                if now - started > 3600 * hours:
                    raise DeviceError(
                        f"Vivado did not end within {hours:g} hours and was stopped (--hours allows more). "
                        f"{_tail(log)}"
                    )
                if now - told >= TELL_SECONDS:
                    told = now
                    say(f"Vivado: {clock(now - started)}, {_last(log)}")
        finally:
            _stop(process)
    if status:
        raise DeviceError(f"Vivado ended with status {status}. {_tail(log)}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End the process and those that it started, if it still runs."""
    if process.poll() is not None:
        return
    for sign, seconds in ((signal.SIGTERM, 10.0), (signal.SIGKILL, 10.0)):
        os.killpg(process.pid, sign)
        try:
            process.wait(timeout=seconds)
            return
        except subprocess.TimeoutExpired:
            continue


def _lines(log: Path) -> list[str]:
    text = log.read_bytes()[-20_000:].decode("utf-8", "replace")
    return [line.rstrip() for line in text.splitlines() if line.strip()]


def _last(log: Path) -> str:
    return next(reversed(_lines(log)), "nothing said yet")


def _tail(log: Path) -> str:
    ends = _lines(log)[-TAIL:]
    return f"{log} ends:\n" + "\n".join(f"    {line}" for line in ends) if ends else f"{log} is empty."
