# SPDX-License-Identifier: Apache-2.0
"""index.html and summary.json of a folder of runs: one row an image, totals on top."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import quote

from edgemoe.report.inline import rendered, small_address, write_whole
from edgemoe.report.page import PICTURES
from edgemoe.report.words import (
    count,
    divergence_sentence,
    listed,
    plural,
    printable,
    shown,
    tasks_of,
)

THUMBNAIL_WIDTH = 200
STATES = {
    "bit_exact": "bit-exact",
    "different": "not bit-exact",
    "not_compared": "not compared",
    "failed": "did not run",
}
"""What can have become of an image, in summary.json and in words."""


def write_summary(work: Path, folder: Path, entries: Sequence[Mapping[str, Any]]) -> Path:
    """Write summary.json and index.html into `work`, and return the page's path.

    Args:
        work: where the two files are to be written.
        folder: what they describe and where they will lie: the results of each image are below it.
        entries: in the order of the rows. Of an image that ran, `name`, `folder` (its own, below `folder`)
            and `report` (what its report.json holds); of one that did not, `name` and `error`, a message.
    """
    images = [_summed(entry) for entry in entries]
    summary = {
        "images": len(images),
        **{state: _number(images, state) for state in STATES},
        "entries": images,
    }
    tasks = list(dict.fromkeys(task for image in images for task in image.get("cycles", {})))
    values = {
        "good": _good(images),
        "verdict": _verdict(images),
        "totals": [sentence for task in tasks if (sentence := _total(task, images))],
        "attention": [
            (number, printable(image["name"]))
            for number, image in enumerate(images, 1)
            if image["state"] in ("different", "failed")
        ],
        "captions": list(PICTURES.values()),
        "tasks": [printable(task) for task in tasks],
        "rows": [_row(folder, image, tasks) for image in images],
    }
    page = work / "index.html"
    write_whole(work / "summary.json", json.dumps(summary, indent=2) + "\n")
    write_whole(page, rendered("summary.html.j2", values))
    return page


def _summed(entry: Mapping[str, Any]) -> dict[str, Any]:
    """An image's entry in summary.json."""
    name = str(entry["name"])
    if "error" in entry:
        return {"name": name, "state": "failed", "error": str(entry["error"])}
    report = entry["report"]
    first = report.get("first_divergence")
    state = {True: "bit_exact", False: "different"}.get(report.get("bit_exact"), "not_compared")
    return {
        "name": name,
        "folder": str(entry["folder"]),
        "state": state,
        "mismatches": report.get("mismatches"),
        "first_divergence": divergence_sentence(first) if first else None,
        "cycles": {task: figures.get("cycles") for task, figures in tasks_of(report).items()},
    }


def _number(images: Sequence[Mapping[str, Any]], state: str) -> int:
    return sum(image["state"] == state for image in images)


def _good(images: Sequence[Mapping[str, Any]]) -> bool | None:
    """True if every image was bit-exact, False if one failed or differed, else None."""
    if any(_number(images, state) for state in ("different", "failed")):
        return False
    return True if images and _number(images, "bit_exact") == len(images) else None


def _verdict(images: Sequence[Mapping[str, Any]]) -> str:
    """`5 images: 3 bit-exact, 1 not bit-exact and 1 did not run.`"""
    parts = [
        f"{shown(number)} {what}" for state, what in STATES.items() if (number := _number(images, state))
    ]
    return f"{plural(len(images), 'image')}{': ' if parts else ''}{listed(parts)}."


def _total(task: str, images: Sequence[Mapping[str, Any]]) -> str:
    """The task's cycles over all images; empty where none were counted."""
    cycles = [value for image in images if (value := count(image.get("cycles", {}).get(task)))]
    if not cycles:
        return ""
    text = f"{printable(task).capitalize()}: {shown(sum(cycles))} cycles for {plural(len(cycles), 'image')}"
    if len(cycles) > 1 and min(cycles) == max(cycles):
        text += f", {shown(cycles[0])} each"
    elif len(cycles) > 1:
        text += f", from {shown(min(cycles))} to {shown(max(cycles))}, median {shown(median(cycles))}"
    return text + "."


def _row(folder: Path, image: Mapping[str, Any], tasks: Sequence[str]) -> dict[str, Any]:
    """What a row of the page shows."""
    place = image.get("folder")
    first = image.get("first_divergence")
    differ = count(image.get("mismatches"))
    thumbnails = {
        caption: small_address(folder / place / name, THUMBNAIL_WIDTH) if place else None
        for name, caption in PICTURES.items()
    }
    return {
        "image": printable(image["name"]),
        # A name may hold bytes that are no UTF-8; a link keeps them.
        "link": quote(f"{place}/report.html", errors="surrogateescape") if place else "",
        "thumbnails": thumbnails,
        "good": {"bit_exact": True, "not_compared": None}.get(image["state"], False),
        "verdict": STATES[image["state"]].capitalize() + ".",
        "mismatches": f"{plural(differ, 'element')} {'differs' if differ == 1 else 'differ'}."
        if differ
        else "",
        "message": shown(image["error"]) if "error" in image else f"First: {first}" if first else "",
        "cycles": [(printable(task), shown(image.get("cycles", {}).get(task) or None)) for task in tasks],
    }
