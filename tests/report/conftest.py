# SPDX-License-Identifier: Apache-2.0
"""Reports that look like those of a run, and the browser that measures and prints pages."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from browser import browser as browser  # the fixture

MakeReport = Callable[..., dict[str, Any]]


@pytest.fixture
def make_report() -> MakeReport:
    """A report like a run's: `make_report(layers=4, experts=8, grid=(8, 16))`, every odd layer with experts."""
    return _report


def _report(
    layers: int = 4,
    experts: int = 8,
    grid: tuple[int, int] = (8, 16),
    tasks: tuple[str, ...] = ("segmentation", "depth"),
) -> dict[str, Any]:
    return {
        "model": "nano",
        "board": "sim-small",
        "package": "16abb194c5cf95ec" * 4,
        "backend": "rtl",
        "rtl": "a873a08025ea84cd" * 4,
        "image": "25f049136aaa144b" * 4,
        "image_name": "street.png",
        "bit_exact": True,
        "mismatches": 0,
        "first_divergence": None,
        "taps": False,
        "grid": list(grid),
        "task": {task: _task(task, layers, experts, grid, seed) for seed, task in enumerate(tasks)},
        "macs_per_cycle_peak": 256,
        "mac_utilisation": 0.4567,
        "linear_mac_utilisation": 0.9586,
        "clock_mhz": 200.0,
        "fps_at_clock": 496.9413,
        "dram": {"ports": 6, "bits": 384, "latency": 64, "read_bytes": 1084032, "write_bytes": 172160},
        "config": {"name": "sim-small", "rows": 32, "cols": 8},
        "seconds": {"synth": 13.144, "verilate": 65.514, "simulate": 2.3247},
        "versions": {"numpy": "1.26.4"},
    }


def _task(name: str, layers: int, experts: int, grid: tuple[int, int], seed: int) -> dict[str, Any]:
    stages = [_stage("pixels", None, "load", 3240, 0), _stage("patch_embed", None, "linear", 6269, 1572864)]
    routing, counts = [], []
    draw = np.random.default_rng(seed)
    for layer in range(layers):
        block = f"blocks.{layer}."
        stages.append(_stage(block + "norm1", layer, "layernorm", 2135, 0))
        stages += [_stage(f"{block}attn.{part}", layer, "linear", 2126, 528384) for part in "qkv"]
        stages.append(
            _stage(block + "attn.context", layer, "attention", 9913, 2130048, moved=0, stalled=1100)
        )
        stages.append(_stage(block + "attn.proj", layer, "linear", 2126, 528384))
        if layer % 2 == 0:
            stages += [_stage(f"{block}mlp.fc{part}", layer, "linear", 8317, 2113536) for part in (1, 2)]
            continue
        stages.append(_stage(block + "moe.gate.logits", layer, "linear", 336, 66048))
        stages.append(_stage(block + "moe.gate", layer, "gate", 2647, 0, moved=0))
        stages.append(
            _stage(block + "moe.experts", layer, "experts", 17888, 4227072, moved=143360, stalled=576)
        )
        tokens = 1 + grid[0] * grid[1]
        choices = [draw.permutation(experts)[:2].tolist() for _ in range(tokens)]
        routing.append({"layer": layer, "experts": choices})
        taken = Counter(expert for token in choices for expert in token)
        counts += [
            {"layer": layer, "expert": expert, "tokens": taken[expert], "weight_reads": 1.0}
            for expert in sorted(taken)
        ]
    backbone = sum(stage["cycles"] for stage in stages)
    stages.append(_stage(f"heads.{name}.fc2", None, "linear", 28734, 7340032, part="head"))
    return {
        "cycles": backbone + 28734,
        "backbone_cycles": backbone,
        "stages": stages,
        "experts": counts,
        "routing": routing,
    }


def _stage(
    name: str,
    layer: int | None,
    kind: str,
    cycles: int,
    macs: int,
    *,
    moved: int = 4608,
    stalled: int = 20,
    part: str = "backbone",
) -> dict[str, Any]:
    return {
        "name": name,
        "layer": layer,
        "kind": kind,
        "part": part,
        "cycles": cycles,
        "macs": macs,
        "read_bytes": moved,
        "write_bytes": 0,
        "stall_cycles": stalled,
    }
