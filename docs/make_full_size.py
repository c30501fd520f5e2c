# SPDX-License-Identifier: Apache-2.0
"""The figures of the page on the model at full size, from cosimulations on all builds of the ZCU102: `make full-size`.

Writes docs/pictures/full_size.json, the tables of docs/explanation/full-size.md and one of the README. Every run is
compared with the golden model, and only bit-exact ones are written.
"""

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from edgemoe import faults, package, sim
from edgemoe.backends import Golden
from edgemoe.backends.rtl import Rtl
from edgemoe.config import MODELS, BuildConfig, ModelConfig, board, model_preset
from edgemoe.cosim.compare import compare
from edgemoe.golden.random_package import random_image, random_package
from edgemoe.images import read_image, resize
from edgemoe.package import Package
from edgemoe.program import Run, Workload
from edgemoe.program.figures import task_figures, utilisation
from edgemoe.shipped import STREET, package_path
from edgemoe.sim.build import build_overlay
from edgemoe.sim.dram import DramConfig

DOCS = Path(__file__).resolve().parent
PAGE = DOCS / "explanation" / "full-size.md"
README = DOCS.parent / "README.md"
FIGURES = DOCS / "pictures" / "full_size.json"
RESOURCES = DOCS / "pictures" / "resources.json"
BUILD, LARGEST, DEEP = board("zcu102"), board("zcu102-max"), board("zcu102-deep")
TINY = MODELS["tiny"]
DEIT, SMALL = model_preset("deit-tiny"), model_preset("vit-small-14")
MEMORY = DramConfig()
END = "<!-- end -->"
PUBLISHED = (
    # machine, milliseconds a frame, DSP blocks, thousands of LUTs, as their papers say
    ("Edge-MoE (2023)", 34.64, None, None),
    ("UbiMoE (2024)", 25.76, 1850, 123),
    ("CoQMoE (2025), 8 bits", 6.47, 1754, 156),
)
Row = dict[str, Any]


@dataclasses.dataclass(frozen=True)
class Case:
    """What a row of the table runs."""

    name: str
    package: Package
    task: str
    build: BuildConfig = BUILD
    dram: DramConfig = MEMORY
    memory: str = "default"
    trained: bool = False


def cases() -> list[Case]:
    """All rows, in their order."""
    trained, name = package.load(package_path("tiny", print)), "`tiny`, trained, k = 2"
    drawn, dense = random_package(TINY, 1), random_package(DEIT, 1)
    slow = dataclasses.replace(MEMORY, latency=2 * MEMORY.latency)
    narrow = dataclasses.replace(MEMORY, port_bytes=MEMORY.port_bytes // 2)
    return [
        Case(name, trained, "segmentation", trained=True),
        Case(name, trained, "depth", trained=True),
        Case(name, trained, "segmentation", dram=slow, memory="twice the latency", trained=True),
        Case(name, trained, "segmentation", dram=narrow, memory="half the bandwidth", trained=True),
        Case("`tiny`, random, k = 2", drawn, "segmentation"),
        Case("`tiny`, random, k = 1", random_package(TINY, 1, top_k=1), "segmentation"),
        Case("`tiny`, random, k = 4", random_package(TINY, 1, top_k=4), "segmentation"),
        Case("`tiny`, random, k = 2, 2 of 3 heads a token", of_heads(TINY, 2), "segmentation"),
        Case("`tiny`, random, k = 2, 1 of 3 heads a token", of_heads(TINY, 1), "segmentation"),
        Case("`deit-tiny`, random", dense, "classification"),
        Case("`deit-tiny`, random, 1 of 3 heads a token", of_heads(DEIT, 1), "classification"),
        Case(name, trained, "segmentation", LARGEST, trained=True),
        Case(name, trained, "depth", LARGEST, trained=True),
        Case("`deit-tiny`, random", dense, "classification", LARGEST),
        Case("`vit-small-14`, random", random_package(SMALL, 1), "classification", DEEP),
    ]


def of_heads(config: ModelConfig, top_heads: int) -> Package:
    """A random package of the network in which each token takes so many heads."""
    return random_package(dataclasses.replace(config, top_heads=top_heads), 1)


def row(case: Case, overlay: Path) -> Row:
    """One run's figures."""
    config = case.package.config
    pixels = (
        resize(read_image(STREET), config.height, config.width)
        if case.trained
        else random_image(config, np.random.default_rng(1))
    )
    workload = Workload(case.package, case.build)
    backend = Rtl(workload, overlay, dram=case.dram)
    run = backend.run(pixels, case.task)
    backend.close()
    result = compare(Golden(workload).run(pixels, case.task), run)
    if result.mismatches:
        raise SystemExit(f"{case.name}, {case.task}: {result.mismatches} mismatches, first {result.first}")
    said = {
        "build": case.build.name,
        "name": case.name,
        "tokens": config.tokens,
        "task": case.task,
        "memory": case.memory,
    }
    return said | figures(case.build, run)


def figures(build: BuildConfig, run: Run) -> Row:
    """What a row tells of a run."""
    task = task_figures(run)
    assert run.traffic is not None and run.cycles is not None
    return {
        "backbone": task["backbone_cycles"],
        "whole": run.cycles,
        "read_mb": round(run.traffic.read_bytes / 1e6, 2),
        "utilisation": round(utilisation(build, {"task": task})["mac_utilisation"], 4),
    }


def table(rows: list[Row]) -> str:
    """The page's table."""
    lines = [
        "| build | network | tokens | task | memory | cycles, backbone | whole | ms, backbone | DRAM reads "
        "| array used |",
        "|---|---|---|---|---|---|---|---|---|---|",
        *(
            f"| `{r['build']}` | {r['name']} | {r['tokens']} | {r['task']} | {r['memory']} "
            f"| {r['backbone']:,} | {r['whole']:,} | "
            f"{r['backbone'] / BUILD.clock_mhz / 1e3:.2f} | {r['read_mb']:.1f} MB "
            f"| {100 * r['utilisation']:.1f} % |"
            for r in rows
        ),
    ]
    memory = (
        f"The default memory has a latency of {MEMORY.latency} cycles and moves {MEMORY.port_bytes} bytes a cycle "
        f"and port; it pauses {MEMORY.refresh_cycles} of {MEMORY.refresh_interval} cycles for refresh. "
        f"The clock is {BUILD.clock_mhz:g} MHz."
    )
    return "\n".join([*lines, "", memory]) + "\n"


def published(rows: list[Row]) -> str:
    """Other machines' figures beside this one's at each number of tokens."""
    lines = ["| machine | ms | cycles | DSP | LUT |", "|---|---|---|---|---|"]
    for name, ms, dsp, lut in PUBLISHED:
        blocks, luts = f"{dsp:,}" if dsp else "", f"{lut} k" if lut else ""
        lines.append(f"| {name} | {ms} | {ms * BUILD.clock_mhz / 1e3:.2f} M | {blocks} | {luts} |")
    own = {(row["build"], row["tokens"]): row for row in reversed(rows) if row["memory"] == "default"}
    counted = json.loads(RESOURCES.read_text())
    for build in (BUILD, LARGEST):
        taken = counted.get(build.name, {}).get("total", {})
        dsp = f"{taken['dsp']:,}" if taken else ""
        lut = f"{taken['lut'] / 1e3:.0f} k" if taken else ""
        for tokens in (TINY.tokens, DEIT.tokens):
            cycles = own[build.name, tokens]["backbone"]
            ms = cycles / build.clock_mhz / 1e3
            lines.append(
                f"| this one, `{build.name}`, {tokens} tokens | {ms:.2f} | {cycles / 1e6:.2f} M | {dsp} | {lut} |"
            )
    return "\n".join(lines) + "\n"


def short(rows: list[Row]) -> str:
    """The README's table: the trained model's two tasks."""
    lines = [
        f"`tiny` at full size ({TINY.tokens} tokens, {TINY.layers} layers, {TINY.experts} experts) on `{BUILD.name}`, "
        f"bit-exact as well:",
        "",
        "| | cycles, whole | cycles, backbone |",
        "|---|---|---|",
        *(f"| {r['task']} | {r['whole']:,} | {r['backbone']:,} |" for r in rows[:2]),
    ]
    return "\n".join(lines) + "\n"


def filled(text: str, tables: dict[str, str]) -> str:
    """A page with its tables made anew."""
    for name, made in tables.items():
        start = f"<!-- table: {name} -->\n"
        before, rest = text.split(start)
        text = before + start + made + END + rest.split(END, 1)[1]
    return text


def pages(rows: list[Row]) -> dict[Path, dict[str, str]]:
    """The pages that show the figures, and what of them."""
    return {
        PAGE: {"full-size": table(rows), "published": published(rows)},
        README: {"full-size": short(rows)},
    }


def main(tell: Callable[[str], None] = print) -> None:
    """Run, compare, write."""
    device = sim.activate()
    device.wait_limit = 10_000_000
    overlays = {build.name: build_overlay(build).bitstream for build in (BUILD, LARGEST, DEEP)}
    rows = []
    for case in cases():
        rows.append(row(case, overlays[case.build.name]))
        tell(json.dumps(rows[-1]))
    FIGURES.write_text(json.dumps(rows, indent=1) + "\n")
    for page, tables in pages(rows).items():
        page.write_text(filled(page.read_text(), tables))


if __name__ == "__main__":
    faults.end(main)
