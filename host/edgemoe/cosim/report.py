# SPDX-License-Identifier: Apache-2.0
"""What report.json holds; docs/reference/report.md describes the keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from edgemoe.cosim.compare import Comparison
from edgemoe.cosim.routing import gates_by_layer, routing_figures
from edgemoe.cosim.versions import versions
from edgemoe.inputs import Picture
from edgemoe.program import Run, Workload
from edgemoe.program.figures import dram_figures, task_figures, utilisation
from edgemoe.results import TaskOutput, classes_of

if TYPE_CHECKING:
    from edgemoe.sim.dram import DramConfig

Runs = Mapping[str, tuple[Run, Run, Comparison]]
"""By task: the back end's run, golden's, and how they compare."""


@dataclass(frozen=True)
class Facts:
    """What is the same for all images of a cosimulation."""

    model: str
    workload: Workload
    rtl: str | None = None
    """sha256 of the SystemVerilog; None where none ran."""
    dram: DramConfig | None = None
    """The parameters of the DRAM model; None where there is none."""
    seconds: Mapping[str, float] = field(default_factory=dict)
    """Wall-clock time of building, step by step."""
    backend: str = "rtl"


def report_of(facts: Facts, picture: Picture, runs: Runs, taps: bool) -> dict[str, Any]:
    """The report of one image."""
    build = facts.workload.build
    comparisons = [result for _, _, result in runs.values()]
    mismatches = sum(result.mismatches for result in comparisons)
    first = next((result.first for result in comparisons if result.first), None)
    figures = {
        task: {
            **task_figures(ours),
            **classes_of(facts.workload.package, task, TaskOutput(ours.features, ours.head)),
            "routing": routing_figures(gates_by_layer(golden)),
        }
        for task, (ours, golden, _) in runs.items()
    }
    cycles = sum(task["cycles"] for task in figures.values())
    return {
        "model": facts.model,
        "board": build.name,
        "package": facts.workload.package.sha256,
        "backend": facts.backend,
        "rtl": facts.rtl,
        "image": picture.sha256,
        "image_name": picture.path.name,
        "bit_exact": mismatches == 0,
        "mismatches": mismatches,
        "first_divergence": asdict(first) if first else None,
        "taps": taps,
        "grid": list(facts.workload.package.config.grid),
        "prefix": list(facts.workload.package.config.prefix),
        "experts_per_layer": facts.workload.package.config.experts,
        "task": figures,
        "macs_per_cycle_peak": build.macs,
        **utilisation(build, figures),
        "clock_mhz": build.clock_mhz,
        "fps_at_clock": build.clock_mhz * 1e6 / cycles if cycles else 0.0,
        **({"dram": dram_figures(build, ours_of(runs), asdict(facts.dram))} if facts.dram else {}),
        "config": build.to_dict(),
        "seconds": {**facts.seconds, "simulate": sum(ours.seconds for ours, _, _ in runs.values())},
        "versions": versions(),
    }


def ours_of(runs: Runs) -> dict[str, Run]:
    """The back end's run of each task."""
    return {task: ours for task, (ours, _, _) in runs.items()}
