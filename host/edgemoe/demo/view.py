# SPDX-License-Identifier: Apache-2.0
"""What the page shows, as pieces of HTML; pictures are inside them, so that no file has to be served."""

from __future__ import annotations

import base64
import io
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from edgemoe.demo.engine import Answer, Engine, Job
from edgemoe.images import Pixels, enlarge
from edgemoe.inputs import Picture
from edgemoe.report import depth_picture, divergence_sentence, segmentation_picture
from edgemoe.report.inline import rendered
from edgemoe.report.page import BACKDROP_WIDTH, task_views, tiles_of
from edgemoe.report.pictures import FARTHEST, NEAREST, PALETTE, STOPS
from edgemoe.report.words import count, printable, shown, verdict_sentence

if TYPE_CHECKING:
    from PIL.Image import Image

ITSELF = "This is the golden model itself: what all others are compared with."


def device(engine: Engine) -> str:
    """One line: what computes, which build, which package."""
    package, build = engine.workload.package, engine.workload.build
    values = {
        "device": engine.device.words,
        "build": f"{build.name} ({build.macs} multiplications a cycle, {build.clock_mhz:g} MHz assumed)",
        "package": f"{printable(engine.label)}, sha256 {package.sha256[:12]}",
    }
    return _piece("device.html.j2", {"rows": values})


def chosen(picture: Picture) -> str:
    """The picture that the next run will take."""
    return _piece("chosen.html.j2", {"name": _name(picture), "picture": _png(picture.original, 640)})


def refusal(message: str) -> str:
    """Why something is not done."""
    return _piece("message.html.j2", {"bad": True, "text": message})


def note(message: str) -> str:
    """A sentence that is no error."""
    return _piece("message.html.j2", {"bad": False, "text": message})


def progress(job: Job, ahead: int) -> str:
    """How far a run is."""
    if ahead:
        text = f"waiting for the device: {ahead} {'run' if ahead == 1 else 'runs'} before yours"
    else:
        text = job.what or "starting"
    return _piece("progress.html.j2", {"text": text, "percent": int(100 * job.part), "waits": bool(ahead)})


def result(answer: Answer) -> str:
    """Everything about a run."""
    picture, report = answer.picture, answer.report
    height, width = picture.original.shape[:2]
    pictures = {"Input": _png(picture.original)}
    for task, array in answer.arrays.items():
        coloured = segmentation_picture(array) if task == "segmentation" else depth_picture(array)
        pictures[task.capitalize()] = _png(enlarge(coloured, height, width))
    tasks = task_views(report, height / width)
    first = report.get("first_divergence")
    values = {
        "name": _name(picture),
        "good": report.get("bit_exact"),
        "verdict": ITSELF if report.get("backend") == "golden" else verdict_sentence(report),
        "divergence": divergence_sentence(first) if first else "",
        "pictures": pictures,
        "palette": PALETTE,
        "depth_stops": STOPS,
        "nearest": NEAREST,
        "farthest": FARTHEST,
        "tiles": _tiles(report, tasks),
        "tasks": tasks,
        "backdrop": _grey(picture.original),
        "when": time.strftime("%H:%M:%S", time.localtime(answer.ended)),
        "answer": f"{picture.sha256[:12]}/{answer.task}/{answer.ended}",
    }
    return _piece("result.html.j2", values)


def _tiles(report: Mapping[str, Any], tasks: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """The row of figures: none where nothing was counted."""
    if not any(task["cycles"] for task in tasks):
        return []
    dram = report.get("dram") or {}
    moved = [("read_bytes", "bytes read from DRAM"), ("write_bytes", "bytes written to DRAM")]
    return [
        *tiles_of(report, tasks),
        *((shown(dram[key]), what) for key, what in moved if count(dram.get(key))),
    ]


def _name(picture: Picture) -> str:
    return printable(str(picture.path))


def _piece(template: str, values: Mapping[str, Any]) -> str:
    return rendered(template, values, "edgemoe.demo")


def _image(pixels: Pixels, most: int | None) -> Image:
    from PIL import Image

    image = Image.fromarray(pixels)
    if most:
        image.thumbnail((most, most))
    return image


def _png(pixels: Pixels, most: int | None = None) -> str:
    """A picture as an address, of at most `most` pixels a side."""
    buffer = io.BytesIO()
    _image(pixels, most).save(buffer, "PNG", compress_level=1)
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()


def _grey(pixels: Pixels) -> str:
    """The backdrop of the drawings of experts, as `report.html` has it."""
    buffer = io.BytesIO()
    _image(pixels, BACKDROP_WIDTH).convert("L").save(buffer, "JPEG", quality=82)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()
