# SPDX-License-Identifier: Apache-2.0
"""report.html: one file that shows a run, made from report.json and the pictures beside it."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from edgemoe.errors import UserError
from edgemoe.report.cycles import cycles_sentence, stage_groups, stage_label
from edgemoe.report.inline import aspect_of, data_address, rendered, small_address, write_whole
from edgemoe.report.pictures import FARTHEST, NEAREST, PALETTE, STOPS
from edgemoe.report.roofline import drawing, roofline_of, roofline_sentences
from edgemoe.report.routing import CLASS_TOKEN, agreement, experts_table, routing_views
from edgemoe.report.saturation import saturation_sentence
from edgemoe.report.words import (
    count,
    divergence_sentence,
    printable,
    rows,
    shown,
    tasks_of,
    verdict_sentence,
)

PICTURES = {"input.png": "Input", "segmentation.png": "Segmentation", "depth.png": "Depth"}
SECTIONS = {
    "dram": "DRAM model",
    "config": "Build",
    "seconds": "Seconds on this machine",
    "versions": "Versions",
}
PICTURE_SIDE = 2048
"""Pixels of the page's pictures at most; the files beside it have the image's own size."""
BACKDROP_WIDTH = 512
"""Pixels of the grey picture under the drawings of experts."""


def task_views(report: Mapping[str, Any], aspect: float | None) -> list[dict[str, Any]]:
    """Everything that is shown of each task that ran."""
    tasks = []
    for name, task in tasks_of(report).items():
        stages = task.get("stages") or []
        views, problems = routing_views(task, report.get("grid"), aspect, report.get("prefix", CLASS_TOKEN))
        agrees, origin = agreement(task)
        counters = [{"stage": stage_label(stage), **_counters(stage)} for stage in stages]
        tasks.append(
            {
                "name": printable(name),
                "totals": rows({key: value for key, value in task.items() if not isinstance(value, list)}),
                "cycles": shown(task["cycles"]) if count(task.get("cycles")) else "",
                "classes": [
                    {**entry, "percent": f"{100 * entry['probability']:.1f}"}
                    for entry in task.get("classes") or []
                ],
                "sentence": cycles_sentence(task),
                "groups": stage_groups(stages) if any(count(s.get("cycles")) for s in stages) else [],
                "experts": experts_table(task, report.get("experts_per_layer")),
                "routing": views,
                "problems": problems,
                "agrees": agrees,
                "origin": origin if task.get("routing") else "",
                "columns": list(dict.fromkeys(key for row in counters for key in row)),
                "counters": counters,
            }
        )
    return tasks


def _counters(stage: Mapping[str, Any]) -> dict[str, str]:
    """A stage's row of the table of counters; its name and layer are the row's label."""
    return {printable(str(key)): shown(value) for key, value in stage.items() if key not in ("name", "layer")}


def tiles_of(report: Mapping[str, Any], tasks: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """(figure, what it is) for the row of figures; what was not measured has none."""
    tiles = []
    for key, what in (
        ("mac_utilisation", "of the array's peak, backbone"),
        ("linear_mac_utilisation", "of the array's peak, its linear stages"),
    ):
        if count(report.get(key)):
            tiles.append((f"{100 * report[key]:.1f} %", what))
    tiles += [(task["cycles"], f"cycles, {task['name']}") for task in tasks if task["cycles"]]
    if count(report.get("fps_at_clock")):
        clock = (
            f"an assumed {shown(report['clock_mhz'])} MHz" if count(report.get("clock_mhz")) else "its clock"
        )
        tiles.append((f"{report['fps_at_clock']:.1f}", f"images a second at {clock}"))
    if count(report.get("macs_per_cycle_peak")):
        tiles.append((shown(report["macs_per_cycle_peak"]), "multiplications a cycle at most"))
    return tiles


def render_page(
    report: Mapping[str, Any],
    pictures: Mapping[str, str],
    *,
    backdrop: str | None = None,
    aspect: float | None = None,
) -> str:
    """The page as HTML text.

    Args:
        report: what report.json holds; docs/reference/report.md says which keys.
        pictures: caption -> address of the picture.
        backdrop: address of the input, grey and small, for the drawings of experts.
        aspect: height / width of the input.
    """
    tasks = task_views(report, aspect)
    roofline = roofline_of(report)
    first = report.get("first_divergence")
    prefix = report.get("prefix", CLASS_TOKEN)
    before = "the class token" if list(prefix) == ["class"] else "those before the patches" if prefix else ""
    scalars = {key: value for key, value in report.items() if not isinstance(value, dict | list)}
    values = {
        "title": f"{shown(report.get('model'))} on {shown(report.get('board'))}",
        "image_name": shown(report["image_name"]) if report.get("image_name") else "",
        "good": report.get("bit_exact"),
        "verdict": verdict_sentence(report),
        "divergence": divergence_sentence(first) if first else "",
        "saturation": saturation_sentence(report),
        "divergence_rows": rows(first) if first else {},
        "pictures": pictures,
        "palette": PALETTE,
        "depth_stops": STOPS,
        "nearest": NEAREST,
        "farthest": FARTHEST,
        "tiles": tiles_of(report, tasks),
        "tasks": tasks,
        "prefix": before,
        "backdrop": backdrop,
        "roofline": drawing(roofline) if roofline else None,
        "roofline_sentences": roofline_sentences(roofline) if roofline else [],
        "scalars": rows(scalars),
        "sections": {title: rows(report.get(key)) for key, title in SECTIONS.items() if report.get(key)},
    }
    return rendered("page.html.j2", values)


def read_report(folder: Path) -> dict[str, Any]:
    """`folder`/report.json.

    Raises:
        UserError: it is missing or no report.
    """
    source = folder / "report.json"
    if not source.is_file():
        raise UserError(f"{source} does not exist; a run writes it, and the page is made from it.")
    try:
        report = json.loads(source.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise UserError(f"{source} is not JSON ({error}); run again to write it anew.") from None
    if not isinstance(report, dict):
        raise UserError(f"{source} holds {type(report).__name__}, expected an object; run again.")
    return report


def drawings(out: Path, task: str) -> dict[str, str]:
    """Two of the page's drawings as SVG files for other documents: `roofline`, and `experts`, those of `task`'s
    first layer with experts; what can't be drawn is left out."""
    report, source = read_report(out), out / "input.png"
    drawn = {}
    if roofline := roofline_of(report):
        drawn["roofline"] = rendered("roofline.svg.j2", {"plot": drawing(roofline)}).lstrip()
    views, _ = routing_views(
        tasks_of(report).get(task, {}),
        report.get("grid"),
        aspect_of(source),
        report.get("prefix", CLASS_TOKEN),
    )
    if views:
        backdrop = small_address(source, BACKDROP_WIDTH, grey=True)
        values = {"view": views[0], "task": printable(task), "backdrop": backdrop}
        drawn["experts"] = rendered("experts.svg.j2", values).lstrip()
    return drawn


def write_page(out: Path) -> Path:
    """Read `out`/report.json and the pictures there, write `out`/report.html and return its path."""
    report = read_report(out)
    pictures = {
        caption: data_address(out / name, PICTURE_SIDE)
        for name, caption in PICTURES.items()
        if (out / name).is_file()
    }
    source = out / "input.png"
    text = render_page(
        report,
        pictures,
        backdrop=small_address(source, BACKDROP_WIDTH, grey=True),
        aspect=aspect_of(source),
    )
    page = out / "report.html"
    write_whole(page, text)
    return page
