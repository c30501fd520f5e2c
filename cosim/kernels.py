# SPDX-License-Identifier: Apache-2.0
"""Cosimulation of single kernels: compile to SystemVerilog, build once, replay many random calls.

A kernel's test describes calls with what the golden model expects; they are checked twice, against the native build
and against the hardware.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import simulate
from edgemoe import csim
from edgemoe.compiler.backend.streams import port_name
from edgemoe.compiler.driver import compile_file
from edgemoe.config import BuildConfig, board
from edgemoe.kernels import include_folders, kernel_source

CACHE = simulate.ROOT / "build" / "cache" / "kernels"
REPLAY = Path(__file__).resolve().parent / "replay.py"
#: Share of stalled cycles of the seeds: none, mild, heavy, extreme.
STALLS = (0.0, 0.3, 0.6, 0.9)


@dataclass
class Call:
    """One call of a kernel and its results; elements are integers of either sign, None is any value."""

    streams: dict[str, list[int]] = field(default_factory=dict)
    scalars: dict[str, int] = field(default_factory=dict)
    want: dict[str, list[int | None]] = field(default_factory=dict)
    memories: dict[str, bytes] = field(default_factory=dict)  #: by bundle, from address 0 on
    want_memories: dict[str, bytes] = field(default_factory=dict)
    want_outputs: dict[str, int] = field(default_factory=dict)
    changes: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    """By bundle: a number of beats, and what the memory holds once so many have been read."""


Make = Callable[[np.random.Generator], Call]


def build_config() -> BuildConfig:
    return board("sim-small")


def check_native(name: str, make: Make, seeds: range) -> None:
    """The native build gives what the golden model expects."""
    kernel = csim.kernel(name, build_config(), CACHE / "native", True)
    widths = {port.name: port.width for port in kernel.ports}
    for seed in seeds:
        call = make(np.random.default_rng(seed))
        result = kernel.run(call.streams, call.scalars)
        assert not any(result.unread.values()), f"{name}, seed {seed}: unread elements {result.unread}"
        for stream, values in call.want.items():
            want = unsigned(values, widths[stream])
            got = [g if w is not None else None for g, w in zip(result.streams[stream], want, strict=True)]
            assert got == want, f"{name}, seed {seed}: stream {stream} differs from the golden model"


def check_rtl(
    name: str, make: Make, seeds: range, *, ports: str = "ap_ctrl_hs", never_full: tuple[str, ...] = ()
) -> None:
    """The hardware gives what the golden model expects, under stalls, in calls with and without a reset between.

    ``never_full`` names FIFOs whose reader is always ready, so that they cannot fill up.
    """
    bench = _Bench(name, ports)
    jobs = []
    for seed in seeds:
        rng = np.random.default_rng(seed)
        calls = [make(rng) for _ in range(1 + seed % 2)]
        jobs.append(bench.job(seed, STALLS[seed % len(STALLS)], calls))
    for seed, output in enumerate(calls[0].want, seeds.stop):  # each output once held closed while it can be
        rng = np.random.default_rng(seed)
        jobs.append(bench.job(seed, 0.3, [make(rng) for _ in range(3)], held=output))
    outcome = bench.run(jobs)
    for path, (full, empty) in outcome.fifos.items():
        assert empty, f"{name}: FIFO {path} never ran empty after use"
        assert full or any(part in path for part in never_full), f"{name}: FIFO {path} was never full"
    assert outcome.fifos


def check_calls(
    name: str,
    jobs: Sequence[list[Call]],
    *,
    ports: str = "ap_ctrl_hs",
    build: BuildConfig | None = None,
) -> None:
    """The hardware gives what these calls expect, each job's without a reset between them, at all rates of stalls."""
    bench = _Bench(name, ports, build)
    bench.run([bench.job(k, STALLS[k % len(STALLS)], calls) for k, calls in enumerate(jobs)])


class _Bench:
    """A kernel's model and what jobs for it need."""

    def __init__(self, name: str, ports: str, build: BuildConfig | None = None) -> None:
        build = build or build_config()
        kernel = csim.kernel(name, build, CACHE / "native", True)
        self._name, self._widths = name, {port.name: port.width for port in kernel.ports}
        self._executable, report = model(name, ports, build)
        self._registers = report["registers"] if ports == "axi" else []

    def job(self, seed: int, stalls: float, calls: list[Call], *, held: str = "") -> dict[str, Any]:
        return job(self._name, seed, stalls, calls, self._widths, registers=self._registers, held=held)

    def run(self, jobs: list[dict[str, Any]]) -> simulate.Outcome:
        outcome = simulate.run(self._executable, REPLAY, parameters=jobs)
        simulate.check(outcome)
        return outcome


def job(
    name: str,
    seed: int,
    stalls: float,
    calls: list[Call],
    widths: dict[str, int],
    *,
    prefix: str = "",
    registers: Sequence[dict[str, Any]] = (),
    held: str = "",
) -> dict[str, Any]:
    """What ``replay.py`` takes; ports whose C++ name is a keyword of SystemVerilog go by their name there."""

    def ported(values: dict[str, Any]) -> dict[str, Any]:
        return {port_name(key): value for key, value in values.items()}

    def scalar(values: dict[str, Any]) -> dict[str, Any]:
        return values if registers else ported(values)  # registers have the C++ names

    return {
        "name": name,
        "prefix": prefix,
        "seed": seed,
        "stalls": stalls,
        "inputs": list(ported(calls[0].streams)),
        "outputs": list(ported(calls[0].want)),
        "bundles": list(calls[0].memories),
        "registers": list(registers),
        "held": port_name(held),
        "calls": [
            {
                "streams": ported(call.streams),
                "scalars": scalar(call.scalars),
                "memories": {bundle: data.hex() for bundle, data in call.memories.items()},
                "want_streams": ported({k: unsigned(v, widths[k]) for k, v in call.want.items()}),
                "want_outputs": scalar({k: (v, widths[k]) for k, v in call.want_outputs.items()}),
                "want_memories": {bundle: data.hex() for bundle, data in call.want_memories.items()},
                "changes": {bundle: (beats, data.hex()) for bundle, (beats, data) in call.changes.items()},
            }
            for call in calls
        ],
    }


def model(name: str, ports: str, build: BuildConfig) -> tuple[Path, dict[str, Any]]:
    """The Verilator model of ``hls/kernels/<name>.cpp`` and the compiler's report.

    Compiled SystemVerilog is kept by a hash of its sources.
    """
    include = include_folders(build, CACHE)
    sources = [kernel_source(name), *(f for folder in include for f in sorted(folder.rglob("*.h*")))]
    sources += sorted((simulate.ROOT / "host/edgemoe/compiler").rglob("*.py"))
    sources += sorted((simulate.ROOT / "host/edgemoe/compiler").rglob("*.sv"))
    digest = hashlib.sha256(b"\0".join(f.read_bytes() for f in sources)).hexdigest()[:16]
    top = f"{name}_kernel"
    folder = CACHE / f"{top}-{ports}-{digest}"
    if not (folder / "report.json").exists():
        compile_file(kernel_source(name), top, include=include, out=folder, ports=ports)
    return simulate.build(sorted(folder.glob("*.sv")), top), json.loads((folder / "report.json").read_text())


def beats(values: NDArray[np.int64], bits: int = 16) -> list[int]:
    """An array whose last axis is a multiple of 128 / bits -> beats, lane 0 lowest."""
    lanes = 128 // bits
    dtype = {8: "<i1", 16: "<i2", 32: "<i4", 64: "<i8"}[bits]
    data = np.ascontiguousarray(values.reshape(-1, lanes)).astype(dtype).tobytes()
    return [int.from_bytes(data[i : i + 16], "little") for i in range(0, len(data), 16)]


def planes(values: NDArray[np.int64]) -> NDArray[np.int64]:
    """(tokens, 32 * planes) -> rows of 32 in plane layout, plane by plane."""
    tokens = values.shape[0]
    return values.reshape(tokens, -1, 32).transpose(1, 0, 2).reshape(-1, 32)


def channel_records(bias: NDArray[np.int64], m: NDArray[np.int64], s: NDArray[np.int64]) -> list[int]:
    """64-bit channel records, two a beat: bias 0..39, m 40..55, s 56..61."""
    words = (bias & ((1 << 40) - 1)) | (m & 0xFFFF) << 40 | s << 56
    return beats(words, 64)


def integers(rng: np.random.Generator, bits: int, shape: Any) -> NDArray[np.int64]:
    """Signed integers of ``bits`` bits over many magnitudes, the extremes among them."""
    limit = 1 << (bits - 1)
    scale = rng.integers(1, bits + 1, shape)
    values = rng.integers(-limit, limit, shape, dtype=np.int64) >> (bits - scale)
    kind = rng.integers(0, 12, shape)
    return np.where(kind == 0, limit - 1, np.where(kind == 1, -limit, np.where(kind == 2, 0, values)))


def unsigned(values: list[int | None], width: int) -> list[int | None]:
    """Elements modulo 2**width; None stays None."""
    return [None if v is None else int(v) & ((1 << width) - 1) for v in values]
