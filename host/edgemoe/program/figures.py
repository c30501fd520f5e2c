# SPDX-License-Identifier: Apache-2.0
"""The figures of a run, from the hardware's statistics records and the DRAM's counters."""

from collections.abc import Mapping
from typing import Any

from edgemoe.config import WEIGHT_PORTS, BuildConfig
from edgemoe.program.run import Run
from edgemoe.registers import DESCRIPTOR_BYTES, NO_INDEX, Descriptor, Opcode, Statistics

OTHER_PORTS = 2  # layer program and statistics, image and output
LINEAR_STAGES = (Opcode.LINEAR, Opcode.EXPERTS)


def task_figures(run: Run) -> dict[str, Any]:
    """The entry of a task in report.json. Cycles are 0 on back ends without a clock."""
    backbone = [record for record in run.records if _part(run, record) != "head"]
    return {
        "cycles": run.cycles or 0,
        "backbone_cycles": max((record.cycle_end for record in backbone), default=0),
        "stages": stage_figures(run),
        "experts": expert_figures(run),
    }


def stage_figures(run: Run) -> list[dict[str, Any]]:
    """One entry a stage of the network, taps left out; an expert layer's records are taken together."""
    rows: dict[int, dict[str, Any]] = {}
    beat_bytes = run.network.build.beat_bytes
    for record in run.records:
        info = run.network.stages[record.stage]
        if info.part == "tap":
            continue
        row = rows.setdefault(
            record.stage,
            {
                "name": info.name,
                "layer": info.layer,
                "kind": Opcode(record.kind).name.lower(),
                "part": info.part,
                "cycles": 0,
                "macs": 0 if record.kind == Opcode.EXPERTS else info.macs,
                "read_bytes": 0,
                "write_bytes": 0,
                "stall_cycles": 0,
                "saturated": 0,
            },
        )
        row["cycles"] += record.cycle_end - record.cycle_start
        row["read_bytes"] += record.read_beats * beat_bytes
        row["write_bytes"] += record.write_beats * beat_bytes
        row["stall_cycles"] += max(0, record.engine_steps - record.mac_steps)
        row["saturated"] += record.saturated
        if record.expert != NO_INDEX:
            row["macs"] += info.macs * record.tokens
    return list(rows.values())


def expert_figures(run: Run) -> list[dict[str, Any]]:
    """One entry for each expert that had tokens: how many, and how often its weights were read."""
    program = run.network
    entries = []
    for record in run.records:
        if record.expert == NO_INDEX:
            continue
        size = Descriptor.unpack(program.data[DESCRIPTOR_BYTES * (record.stage + 1) :]).size
        entries.append(
            {
                "layer": program.stages[record.stage].layer,
                "expert": record.expert,
                "tokens": record.tokens,
                "weight_reads": record.read_beats * program.build.beat_bytes / size,
            }
        )
    return entries


def utilisation(build: BuildConfig, tasks: Mapping[str, Mapping[str, Any]]) -> dict[str, float]:
    """Shares of the array's peak: of the whole backbone, and of its linear stages alone."""
    cycles = sum(task["backbone_cycles"] for task in tasks.values())
    stages = [stage for task in tasks.values() for stage in task["stages"] if stage["part"] == "backbone"]
    linear = [stage for stage in stages if Opcode[stage["kind"].upper()] in LINEAR_STAGES]
    linear_cycles = sum(stage["cycles"] for stage in linear)
    return {
        "mac_utilisation": _share(sum(stage["macs"] for stage in stages), cycles * build.macs),
        "linear_mac_utilisation": _share(sum(stage["macs"] for stage in linear), linear_cycles * build.macs),
    }


def dram_figures(
    build: BuildConfig, runs: Mapping[str, Run], parameters: Mapping[str, Any]
) -> dict[str, Any]:
    """The DRAM model's parameters and what it moved for all tasks together; `bits`: all ports', a cycle."""
    traffic = [run.traffic for run in runs.values() if run.traffic]
    widths = [build.weight_bus_bits] * WEIGHT_PORTS + [build.bus_bits] * OTHER_PORTS
    return {
        "ports": max((entry.ports for entry in traffic), default=0),
        "bits": sum(min(width, 8 * parameters["port_bytes"]) for width in widths),
        "latency": parameters["latency"],
        "outstanding": parameters["outstanding"],
        "stall": parameters["stall_percent"],
        "refresh_interval": parameters["refresh_interval"],
        "refresh_cycles": parameters["refresh_cycles"],
        "turnaround": parameters["turnaround"],
        "read_bytes": sum(entry.read_bytes for entry in traffic),
        "write_bytes": sum(entry.write_bytes for entry in traffic),
    }


def _part(run: Run, record: Statistics) -> str:
    return run.network.stages[record.stage].part


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
