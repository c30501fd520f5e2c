# SPDX-License-Identifier: Apache-2.0
"""SystemVerilog to the cells of a family, module by module and large modules part by part; all of it kept.

First Yosys reads the whole design, once for every set of parameters, and works with words: what is constant or unused
goes, multipliers become DSP blocks, registers join memories (`prepare`). Then modules, and parts of large ones, become
LUTs and flip-flops, each by itself (`map_gates`), in processes side by side. Nothing is ever flattened.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

from edgemoe.built import digest, find_damage, kept
from edgemoe.synth.resources import yosys
from edgemoe.synth.resources.counts import Resources, of_cells
from edgemoe.synth.resources.parts import LARGE, split
from edgemoe.synth.resources.rtlil import Module, modules
from edgemoe.synth.resources.sources import places, readable

FAMILIES = {"zynqmp": "xcup", "zynq7": "xc7"}
"""Families of boards, as Yosys calls their fabric."""
TOGETHER = 2000
"""Cells of small modules that share a process: it needs seconds to start."""
PREPARED, DESIGN, PARTS = "prepared.il", "design.il", "parts.json"
_XILINX = "synth_xilinx -family FAMILY -noiopad -noclkbuf"
_CELLS = """read_verilog -lib -specify +/xilinx/cells_sim.v
read_verilog -lib +/xilinx/cells_xtra.v
"""
_PREPARE = f"""{_CELLS}read_verilog -sv -DSYNTHESIS FILES
hierarchy -check -top TOP
proc
opt_clean
check -assert
select -set signals a:use_dsp=no
select -set before @signals %ci1
chtype -set $__soft_mul @before t:$mul %i
chtype -set $__soft_mul @before t:$*ff* %i %ci2 t:$mul %i
{_XILINX} -top TOP -run prepare:coarse
memory -nomap
opt_clean
setattr -set rom_style "logic" t:$mem_v2 a:rom_style=distributed %i
check -assert
write_rtlil {PREPARED}
"""
"""Up to words, DSP blocks and memories. Products whose signal says `use_dsp = "no"` stay out of the blocks. Yosys
knows no distributed memory without a write port: it is logic."""
_UNPACKED = {"zynq7": "scratchpad -set xilinx_dsp.multonly 1\n"}
"""The pass `xilinx_dsp`, which does nothing on UltraScale+, draws registers and sums into DSP blocks, and leaves bits
of products that take several blocks without a driver: not used."""
_SPLIT = f"""read_rtlil {PREPARED}
submod
rename -enumerate -pattern _%_
write_rtlil {DESIGN}
"""
_GATES = f"""{_CELLS}read_rtlil modules.il
techmap -map +/cmp2lut.v -map +/cmp2lcu.v -D LUT_WIDTH=6
alumacc
maccmap -unmap
opt
{_XILINX} ULTRA -run map_memory:check
tee -q -o stat.json stat -json
"""
"""As `synth_xilinx` does it, with two differences. Trees of adders stay adders on carry chains: compressors, which it
makes of them, take half as many LUTs again. Its pass `share`, which looks for operators that are never used together,
is left out: it takes long, and a pipeline has none."""

_HERE = [Path(__file__).with_name(f"{name}.py") for name in ("flow", "parts", "rtlil", "sources")]
_COUNTS = Path(__file__).with_name("counts.py")

Told = Callable[[str, int, int], None]
"""Called with what is being done, steps done and steps in all."""


@dataclass(frozen=True)
class Design:
    """A design in words, ready to become gates."""

    modules: dict[str, Module]
    """By name, without the boxes of the vendor's cells."""
    parts: dict[str, tuple[str, str]]
    """A part's module -> the module that it was taken from, and the part's name."""
    top: str


def prepare(
    files: Sequence[Path], top: str, family: str, *, helpers: Collection[str], cache: Path, limit: int
) -> Design:
    """The design of `files`, its large modules in parts.

    Raises:
        UserError: Yosys refuses it, or needs more than `limit` seconds.
    """
    recipe = (_UNPACKED.get(family, "") + _PREPARE).replace("FAMILY", FAMILIES[family]).replace("TOP", top)
    key = digest(*files, recipe, _SPLIT, *sorted(helpers), *_HERE, yosys.identity())

    def make(work: Path) -> None:
        for file in files:
            text, words = readable(file.read_text(encoding="utf-8"))
            for name, content in {file.name: text, **words}.items():
                (work / name).write_text(content, encoding="utf-8")
        yosys.run(
            recipe.replace("FILES", " ".join(f.name for f in files)), work, f"module {top}", limit=limit
        )
        names = _take_apart(files, work, helpers)
        yosys.run(_SPLIT, work, f"module {top}", limit=limit)
        (work / PARTS).write_text(json.dumps(names, indent=1) + "\n", encoding="utf-8")
        for made in work.iterdir():
            if made.name not in (DESIGN, PARTS):
                made.unlink()

    folder = kept(cache / f"{top}-{key[:16]}", make)
    found = modules((folder / DESIGN).read_text(encoding="utf-8"))
    parts = {name: (of, part) for name, (of, part) in json.loads((folder / PARTS).read_text()).items()}
    own = {name: module for name, module in found.items() if not module.is_box}
    return Design(own, parts, f"\\{top}")


def _take_apart(files: Sequence[Path], work: Path, helpers: Collection[str]) -> dict[str, tuple[str, str]]:
    """Mark the parts of large modules in the prepared design; each part's module, with its origin."""
    design = modules((work / PREPARED).read_text(encoding="utf-8"))
    sources = {file.stem: file for file in files}
    names: dict[str, tuple[str, str]] = {}
    for module in design.values():
        stem = next((word for word in reversed(module.name.split("\\")) if word in sources), None)
        if module.is_box or stem is None or module.cells < LARGE:
            continue
        module.lines = split(module, design, places(sources[stem].read_text(encoding="utf-8")), helpers)
        mark = '  attribute \\submod "'
        for line in dict.fromkeys(line for line in module.lines if line.startswith(mark)):
            part = line[len(mark) : -1]
            names[f"{module.name}_{part}"] = (module.name, part)
    text = "".join(module.text() for module in design.values())
    (work / PREPARED).write_text(text, encoding="utf-8")
    return names


def map_gates(
    design: Design, family: str, *, uram: bool, cache: Path, jobs: int, limit: int, told: Told | None
) -> dict[str, Resources]:
    """What each module of the design takes by itself, without its submodules.

    Raises:
        UserError: Yosys refuses a module, or needs more than `limit` seconds.
    """
    recipe = _GATES.replace("FAMILY", FAMILIES[family]).replace("ULTRA", "-uram" if uram else "")
    texts = {name: _alone(module, design.modules) for name, module in design.modules.items()}
    targets = {
        name: cache / f"{FAMILIES[family]}-{digest(text, recipe, _COUNTS, yosys.identity())[:24]}"
        for name, text in texts.items()
    }
    missing = [name for name, path in targets.items() if not path.is_dir() or find_damage(path)]
    groups = list(_groups(missing, {name: design.modules[name].cells for name in missing}))
    sizes = {name: 1 + design.modules[name].cells for name in targets}
    total = sum(sizes.values())
    done = total - sum(sizes[name] for name in missing)

    def work(group: Sequence[str]) -> Sequence[str]:
        _synthesise(group, design.modules, recipe, targets, limit)
        return group

    if told and missing:
        told("mapping to LUTs", done, total)
    with ThreadPoolExecutor(max(jobs, 1)) as pool:
        futures = [pool.submit(work, group) for group in groups]
        try:
            for future in as_completed(futures):
                done += sum(sizes[name] for name in future.result())
                if told:
                    told("mapping to LUTs", done, total)
        finally:
            pool.shutdown(cancel_futures=True)
    return {name: _read(path) for name, path in targets.items()}


def _alone(module: Module, design: Mapping[str, Module]) -> str:
    """A module's text with its submodules as boxes."""
    used = [name for name in dict.fromkeys(module.instances) if name in design]
    return module.text() + "".join(design[name].stub() for name in sorted(used))


def _groups(names: Sequence[str], sizes: Mapping[str, int]) -> Iterator[list[str]]:
    """The largest first and alone, the small ones together."""
    group: list[str] = []
    for name in sorted(names, key=lambda name: -sizes[name]):
        if group and sum(sizes[x] for x in group) + sizes[name] > TOGETHER:
            yield group
            group = []
        group.append(name)
    if group:
        yield group


def _synthesise(
    group: Sequence[str], design: Mapping[str, Module], recipe: str, targets: Mapping[str, Path], limit: int
) -> None:
    """Make the modules of `group` in one process, and keep what each of them takes."""
    inside = set(group)
    used = {name for own in group for name in design[own].instances if name in design} - inside
    text = "".join(design[name].text() for name in group) + "".join(
        design[name].stub() for name in sorted(used)
    )
    what = shown(group[0]) + (f" and {len(group) - 1} small ones" if len(group) > 1 else "")
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        (work / "modules.il").write_text(text, encoding="utf-8")
        yosys.run(recipe, work, f"module {what}, {sum(design[n].cells for n in group):,} cells", limit=limit)
        stat = json.loads((work / "stat.json").read_text(encoding="utf-8"))["modules"]
    for name in group:
        cells = stat[name]["num_cells_by_type"]
        figures = of_cells(
            shown(name),
            {kind: n for kind, n in cells.items() if f"\\{kind}" not in design and kind not in design},
        )
        _keep(targets[name], figures)


def _keep(target: Path, figures: Resources) -> None:
    def write(work: Path) -> None:
        (work / "resources.json").write_text(json.dumps(figures.figures()) + "\n", encoding="utf-8")

    kept(target, write)


def _read(target: Path) -> Resources:
    figures = json.loads((target / "resources.json").read_text(encoding="utf-8"))
    figures.pop("lut")
    return Resources(**figures)


def shown(name: str) -> str:
    """A module's name for people: its own, and the parameters where Yosys' name has them."""
    first, *words = name.split("\\")
    if first != "$paramod":  # \name, or $paramod$<sum>\name
        return words[-1] if words else first
    values = [re.fullmatch(r"(\w+)=s\d+'([01]+)", word) for word in words[1:]]
    return " ".join([words[0], *(f"{value[1]}={int(value[2], 2)}" for value in values if value)])
