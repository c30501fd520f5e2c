# SPDX-License-Identifier: Apache-2.0
"""The hardware follows the source: every kernel renamed, with a changed constant, loop bound and table entry.

Nothing about a kernel may be known to the tool chain by name. Each change alone alters the native result; all of them
together alter the hardware's result in the same way. `linear`, `embedding` and `walker` read no table.
"""

from __future__ import annotations

import importlib.util
import shutil
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import kernels
import simulate
from edgemoe.compiler.driver import CompileResult, compile_file
from edgemoe.compiler.native import NativeKernel, build_native
from edgemoe.kernels import hls_folder, include_folders
from model_of_many import side_by_side

SEEDS = range(41, 45)
#: The argument behind each AXI bundle, of the kernel that has one.
BUNDLES = {"gmem0": "program"}


@dataclass(frozen=True)
class Edit:
    """``old``, which occurs once in ``file`` (of hls/ or of the generated headers), becomes ``new``."""

    file: str
    old: str
    new: str


CONFIG = "edgemoe_config.hpp"
EXP2_TABLE = Edit(CONFIG, "{\n    16384, 16742,", "{\n    16384, 16942,")
SHORT_TREE = Edit("include/edgemoe/linear.hpp", "width > 0; width /= 2", "width > 1; width /= 2")
EDITS = {
    "linear": (
        Edit(
            "include/edgemoe/linear.hpp",
            "column_sum(x, tile, n) + (",
            "column_sum(x, tile, n) + (1 << 26) + (",
        ),
        SHORT_TREE,
    ),
    "attention": (
        Edit("include/edgemoe/attention.hpp", "multiplier + 32768", "multiplier + 99932768"),
        SHORT_TREE,
        EXP2_TABLE,
    ),
    "embedding": (
        Edit("include/edgemoe/transfers.hpp", "8 * (kCols * half + n)", "8 * (kCols * half) + 7 * n"),
        Edit(
            "include/edgemoe/transfers.hpp",
            "STORE:\n  while (words != 0)",
            "STORE:\n  while (words > 1)",
        ),
    ),
    "walker": (
        Edit("include/edgemoe/walker.hpp", "records << 6", "records << 7"),
        Edit(
            "include/edgemoe/walker.hpp",
            "META_QUEUE:\n  for (ap_uint<8> expert = 0; expert != c.heads;",
            "META_QUEUE:\n  for (ap_uint<8> expert = 0; expert + 1 < c.heads;",
        ),
    ),
    "gelu": (
        Edit(
            "include/edgemoe/gelu.hpp",
            "(on_line(segment, fraction) + 4096) >> 13",
            "(on_line(segment, fraction) + 4096) >> 12",
        ),
        Edit("kernels/gelu.cpp", "i != count;", "i + 1 < count;"),
        Edit(CONFIG, "{\n    13, 4007,", "{\n    13, 9007,"),
    ),
    "softmax": (
        Edit("include/edgemoe/softmax.hpp", "r.root * r.root + 65536", "r.root * r.root + 465536"),
        Edit("kernels/softmax.cpp", "row != rows;", "row + 1 < rows;"),
        EXP2_TABLE,
    ),
    "layernorm": (
        Edit("include/edgemoe/layernorm.hpp", "kLeastShift = 17 -", "kLeastShift = 18 -"),
        Edit(
            "include/edgemoe/layernorm.hpp",
            "NORM_LANE:\n  for (int n = 0; n < kNormLanes; ++n)",
            "NORM_LANE:\n  for (int n = 1; n < kNormLanes; ++n)",
        ),
        Edit(CONFIG, "{\n    92681, 91965,", "{\n    92681, 90965,"),
    ),
    "experts": (
        Edit("include/edgemoe/gate.hpp", "(r.half_exponent) << 1) + 1)", "(r.half_exponent) << 1) + 2)"),
        Edit(
            "include/edgemoe/gate.hpp",
            "SEND_COUNTS:\n  for (int i = 0; i < kMaxExperts; ++i)",
            "SEND_COUNTS:\n  for (int i = 1; i < kMaxExperts; ++i)",
        ),
        EXP2_TABLE,
    ),
}


@dataclass(frozen=True)
class Copy:
    """A changed copy of a kernel: its file, its new top and the folders of its headers."""

    source: Path
    top: str
    include: list[Path]


def changed(name: str, edits: tuple[Edit, ...], folder: Path) -> Copy:
    """A copy of the sources under ``folder`` with the kernel renamed and edited."""
    hls = folder / "hls"
    for part in ("include", "kernels"):
        shutil.copytree(hls_folder() / part, hls / part)
    generated = include_folders(kernels.build_config(), folder)[-1]
    for edit in edits:
        path = (generated if edit.file == CONFIG else hls) / edit.file
        text = path.read_text()
        assert text.count(edit.old) == 1, f"{edit.old!r} occurs {text.count(edit.old)} times in {edit.file}"
        path.write_text(text.replace(edit.old, edit.new))
    top = f"renamed_{name}"
    source = hls / "kernels" / f"{top}.cpp"
    source.write_text((hls / "kernels" / f"{name}.cpp").read_text().replace(f"{name}_kernel(", f"{top}("))
    return Copy(source, top, [hls_folder() / "shim", hls / "include", generated])


def module_of(name: str) -> ModuleType:
    """The kernel's own test, which knows how to call it."""
    path = Path(__file__).parent / name / f"test_{name}.py"
    spec = importlib.util.spec_from_file_location(f"calls_of_{name}", path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def native(copy: Copy, folder: Path) -> NativeKernel:
    return NativeKernel(build_native(copy.source, copy.top, include=copy.include, out=folder))


def calls(name: str, kernel: NativeKernel) -> list[kernels.Call]:
    """Calls of the kernel's test with what ``kernel`` answers; inputs that it does not take are cut off."""
    made = []
    for seed in SEEDS:
        call = module_of(name).call(np.random.default_rng(seed))
        memories = {
            BUNDLES[bundle]: np.frombuffer(data, np.uint8).copy() for bundle, data in call.memories.items()
        }
        scalars = {k: v for k, v in call.scalars.items() if k not in memories}
        result = kernel.run(call.streams, scalars, memories)
        streams = {k: v[: len(v) - result.unread[k]] for k, v in call.streams.items()}
        wanted: dict[str, list[int | None]] = {}
        for stream, values in result.streams.items():
            # What the golden model leaves open (a memory that is not written) stays open.
            known = [] if memories else call.want[stream]
            free = [k < len(known) and known[k] is None for k in range(len(values))]
            wanted[stream] = [None if f else v for v, f in zip(values, free, strict=True)]
        made.append(
            kernels.Call(streams, call.scalars, wanted, call.memories, call.memories, dict(result.outputs))
        )
    return made


def results(made: list[kernels.Call]) -> list[dict[str, list[int | None]]]:
    """What the kernel wrote to its streams."""
    return [call.want for call in made]


@pytest.mark.slow
def test_hardware_follows_the_source(tmp_path: Path) -> None:
    compiled: dict[str, CompileResult] = {}
    jobs = []
    for name, edits in EDITS.items():
        before = results(calls(name, native(changed(name, (), tmp_path / f"{name}_as_is"), tmp_path)))
        for number, edit in enumerate(edits):
            one = native(changed(name, (edit,), tmp_path / f"{name}_{number}"), tmp_path)
            assert results(calls(name, one)) != before, f"{name}: {edit} changes nothing"
        copy = changed(name, edits, tmp_path / name)
        kernel = native(copy, tmp_path)
        after = calls(name, kernel)
        assert results(after) != before
        out = tmp_path / "sv" / name
        ports = "axi" if after[0].memories else "ap_ctrl_hs"
        compiled[copy.top] = compile_file(copy.source, copy.top, include=copy.include, out=out, ports=ports)
        registers = compiled[copy.top].report["registers"] if ports == "axi" else []
        widths = {port.name: port.width for port in kernel.ports}
        jobs.append(kernels.job(name, 1, 0.5, after, widths, prefix=f"{copy.top}_", registers=registers))
    executable = simulate.build(side_by_side(tmp_path, compiled), "programs")
    simulate.check(simulate.run(executable, kernels.REPLAY, parameters=jobs))
