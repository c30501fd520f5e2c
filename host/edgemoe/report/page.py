# SPDX-License-Identifier: Apache-2.0
"""report.html: one file that shows a run, made from report.json and the pictures beside it."""

import base64
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from edgemoe.errors import UserError
from edgemoe.report.charts import experts_chart, stage_label, stages_chart
from edgemoe.report.pictures import FARTHEST, NEAREST, PALETTE, STOPS

PICTURES = {"input.png": "Input", "segmentation.png": "Segmentation", "depth.png": "Depth"}


def _data_address(path: Path) -> str:
    """A PNG file as a `data:` address, so that the page needs no file beside it."""
    return "data:image/png;base64," + base64.b64encode(path.read_bytes()).decode()


def _flat(section: Mapping[str, Any] | None) -> dict[str, str]:
    """A section of the report as rows: numbers with thousands apart, nested values as JSON."""
    rows = {}
    for key, value in (section or {}).items():
        if isinstance(value, bool) or value is None or isinstance(value, str):
            rows[key] = str(value)
        elif isinstance(value, int):
            rows[key] = f"{value:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")
        elif isinstance(value, float):
            rows[key] = f"{value:.4g}"
        else:
            rows[key] = json.dumps(value)
    return rows


def _tasks(report: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Charts and totals of each task that ran."""
    tasks = []
    for name, task in report.get("task", {}).items():
        stages, experts = task.get("stages", []), task.get("experts", [])
        totals = {key: value for key, value in task.items() if not isinstance(value, list)}
        tasks.append(
            {
                "name": name,
                "totals": _flat(totals),
                "stages": stages_chart(stages) if stages else "",
                "experts": experts_chart(experts) if experts else "",
                "rows": [{"stage": stage_label(stage), **_flat(stage)} for stage in stages],
            }
        )
    return tasks


def render_page(report: Mapping[str, Any], pictures: Mapping[str, str]) -> str:
    """The page as HTML text. `pictures`: caption -> address of the picture."""
    from jinja2 import Environment, PackageLoader

    environment = Environment(
        loader=PackageLoader("edgemoe.report", "."), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    scalars = {key: value for key, value in report.items() if not isinstance(value, dict | list)}
    sections = {
        key: _flat(report[key]) for key in ("dram", "config", "seconds", "versions") if report.get(key)
    }
    return environment.get_template("page.html.j2").render(
        report=report,
        pictures=pictures,
        palette=PALETTE,
        depth_stops=STOPS,
        nearest=NEAREST,
        farthest=FARTHEST,
        scalars=_flat(scalars),
        tasks=_tasks(report),
        divergence=_flat(report.get("first_divergence")),
        sections=sections,
    )


def write_page(out: Path) -> Path:
    """Read `out`/report.json and the pictures there, write `out`/report.html and return its path."""
    source = out / "report.json"
    if not source.is_file():
        raise UserError(f"{source} does not exist; a run writes it, and the page is made from it.")
    report = json.loads(source.read_text())
    pictures = {
        caption: _data_address(out / name) for name, caption in PICTURES.items() if (out / name).is_file()
    }
    page = out / "report.html"
    page.write_text(render_page(report, pictures), encoding="utf-8")
    return page
