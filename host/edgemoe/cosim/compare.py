# SPDX-License-Identifier: Apache-2.0
"""Two runs of one layer program, element by element, and where they part."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from edgemoe.program import Run
from edgemoe.registers import Descriptor, Epilogue, Opcode

SOURCES = {
    Opcode.LOAD: "load (hls/include/edgemoe/transfers.hpp)",
    Opcode.LAYERNORM: "layernorm (hls/include/edgemoe/layernorm.hpp)",
    Opcode.ATTENTION: "exponentials, running_maximum (hls/include/edgemoe/attention.hpp)",
    Opcode.GATE: "gate_tokens (hls/include/edgemoe/gate.hpp)",
    Opcode.COMBINE: "combine (hls/include/edgemoe/combine.hpp)",
    Opcode.STORE: "store_words (hls/include/edgemoe/transfers.hpp)",
}
ENGINE = "engine (hls/include/edgemoe/engine.hpp), epilogue {} (hls/include/edgemoe/epilogue.hpp)"


@dataclass(frozen=True)
class Divergence:
    """The first element that differs, in the order in which the network makes its tensors."""

    task: str
    stage: str
    layer: int | None
    tensor: str
    index: list[int]
    golden: int
    got: int
    source: str
    """The C++ function that computes the tensor."""


@dataclass(frozen=True)
class Comparison:
    """How many elements differ, and the first of them."""

    mismatches: int
    first: Divergence | None


def compare(golden: Run, other: Run) -> Comparison:
    """Compare every tensor that both left, in program order, then the counters."""
    program = golden.network
    mismatches, first = 0, None
    tensors: list[tuple[str, npt.NDArray[Any], npt.NDArray[Any]]] = [
        (name, golden.tap(name), other.tap(name)) for name in program.taps
    ]
    tensors.append((f"heads.{program.task}.out", golden.head, other.head))
    for name, expected, got in tensors:
        different = expected != got
        count = int(np.count_nonzero(different))
        if count and first is None:
            first = _divergence(golden, name, expected, got, different)
        mismatches += count
    counters, divergence = _compare_counters(golden, other)
    return Comparison(mismatches + counters, first or divergence)


def _divergence(
    golden: Run,
    name: str,
    expected: npt.NDArray[Any],
    got: npt.NDArray[Any],
    different: npt.NDArray[np.bool_],
) -> Divergence:
    index = tuple(int(i) for i in np.argwhere(different)[0])
    stage, layer, source = _origin(golden, name)
    return Divergence(
        golden.network.task, stage, layer, name, list(index), int(expected[index]), int(got[index]), source
    )


def _origin(run: Run, tensor: str) -> tuple[str, int | None, str]:
    """Stage, layer and C++ function that make a tensor."""
    program = run.network
    if tensor == f"heads.{program.task}.out":
        tensor = f"heads.{program.task}.{'fc' if program.config.head == 'classes' else 'fc2'}"
    for number, info in enumerate(program.stages):
        if info.name == tensor and info.part != "tap":
            descriptor = Descriptor.unpack(program.data[64 * (number + 1) :])
            return Opcode(descriptor.opcode).name.lower(), info.layer, _source(descriptor)
    return "store", None, SOURCES[Opcode.STORE]


def _source(descriptor: Descriptor) -> str:
    opcode = Opcode(descriptor.opcode)
    if opcode == Opcode.LINEAR:
        return ENGINE.format(Epilogue(descriptor.epilogue).name)
    if opcode == Opcode.EXPERTS:
        return ENGINE.format("GELU, EXPERT")
    return SOURCES[opcode]


def _compare_counters(golden: Run, other: Run) -> tuple[int, Divergence | None]:
    """Counters that follow from program and routing must be equal too."""
    program = golden.network
    mismatches = abs(len(golden.records) - len(other.records))
    first = None
    if mismatches:
        counts = (len(golden.records), len(other.records))
        source = "walker (hls/include/edgemoe/walker.hpp)"
        first = Divergence(program.task, "end", None, "statistics records", [], *counts, source)
    for number, (expected, got) in enumerate(zip(golden.records, other.records, strict=False)):
        theirs = got.counts()
        for name, value in expected.counts().items():
            if value == theirs[name]:
                continue
            mismatches += 1
            if first is None:
                info = program.stages[expected.stage]
                first = Divergence(
                    program.task,
                    Opcode(expected.kind).name.lower(),
                    info.layer,
                    f"statistics of {info.name}: {name}",
                    [number],
                    value,
                    theirs[name],
                    "count_step, record_word (hls/include/edgemoe/statistics.hpp)",
                )
    return mismatches, first
