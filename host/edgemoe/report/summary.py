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
    verdict_sentence,
)

THUMBNAIL_WIDTH = 200


def summary_entry(folder: str, report: Mapping[str, Any]) -> dict[str, Any]:
    """The entry of one image that ran, from what its report.json holds; `folder`: where, below the target."""
    first = report.get("first_divergence")
    return {
        "image": report.get("image_name") or folder,
        "folder": folder,
        "bit_exact": report.get("bit_exact"),
        "mismatches": report.get("mismatches"),
        "first_divergence": divergence_sentence(first) if first else None,
        "cycles": {name: task.get("cycles") for name, task in tasks_of(report).items()},
    }


def write_summary(out: Path, entries: Sequence[Mapping[str, Any]]) -> Path:
    """Write `out`/summary.json and `out`/index.html, and return the page's path.

    Args:
        out: the folder; the pictures of an entry are those in its subfolder.
        entries: in the order of the rows, either of `summary_entry` or `{"image": name, "error": message}`
            of an image that did not run.
    """
    failed = [entry for entry in entries if entry.get("error")]
    exact = [entry for entry in entries if not entry.get("error") and entry.get("bit_exact") is True]
    different = [entry for entry in entries if not entry.get("error") and entry.get("bit_exact") is False]
    summary = {
        "images": len(entries),
        "bit_exact": len(exact),
        "different": len(different),
        "failed": len(failed),
        "entries": list(entries),
    }
    tasks = list(dict.fromkeys(name for entry in entries for name in entry.get("cycles") or {}))
    page = out / "index.html"
    values = {
        "good": len(exact) == len(entries)
        if exact and not failed
        else (False if failed or different else None),
        "verdict": _verdict(len(entries), len(exact), len(different), len(failed)),
        "totals": [sentence for task in tasks if (sentence := _total(task, entries))],
        "attention": [
            (number, printable(str(entry["image"])))
            for number, entry in enumerate(entries, 1)
            if entry in failed or entry in different
        ],
        "captions": list(PICTURES.values()),
        "tasks": [printable(task) for task in tasks],
        "rows": [_row(out, entry, tasks) for entry in entries],
    }
    write_whole(out / "summary.json", json.dumps(summary, indent=2) + "\n")
    write_whole(page, rendered("summary.html.j2", values))
    return page


def _verdict(images: int, exact: int, different: int, failed: int) -> str:
    """`5 images: 3 bit-exact, 1 not bit-exact and 1 did not run.`"""
    rest = images - exact - different - failed
    parts = [
        f"{shown(number)} {what}"
        for number, what in (
            (exact, "bit-exact"),
            (different, "not bit-exact"),
            (rest, "not compared"),
            (failed, "did not run"),
        )
        if number
    ]
    return f"{plural(images, 'image')}{': ' if parts else ''}{listed(parts)}."


def _total(task: str, entries: Sequence[Mapping[str, Any]]) -> str:
    """The task's cycles over all images; empty where none were counted."""
    cycles = [value for entry in entries if (value := count((entry.get("cycles") or {}).get(task)))]
    if not cycles:
        return ""
    text = f"{printable(task).capitalize()}: {shown(sum(cycles))} cycles for {plural(len(cycles), 'image')}"
    if len(cycles) > 1 and min(cycles) == max(cycles):
        text += f", {shown(cycles[0])} each"
    elif len(cycles) > 1:
        text += f", from {shown(min(cycles))} to {shown(max(cycles))}, median {shown(median(cycles))}"
    return text + "."


def _row(out: Path, entry: Mapping[str, Any], tasks: Sequence[str]) -> dict[str, Any]:
    """What a row of the page shows."""
    folder, error = entry.get("folder"), entry.get("error")
    thumbnails = {
        caption: small_address(out / folder / name, THUMBNAIL_WIDTH) if folder and not error else None
        for name, caption in PICTURES.items()
    }
    cycles, first = entry.get("cycles") or {}, entry.get("first_divergence")
    message = shown(error) if error else f"First: {shown(first)}" if first else ""
    return {
        "image": printable(str(entry["image"])),
        # A name may hold bytes that are no UTF-8; a link keeps them.
        "link": quote(f"{folder}/report.html", errors="surrogateescape") if folder and not error else "",
        "thumbnails": thumbnails,
        "good": False if error else entry.get("bit_exact"),
        "verdict": "Did not run." if error else verdict_sentence(entry).split(":")[0].rstrip(".") + ".",
        "mismatches": plural(count(entry.get("mismatches")), "element") if entry.get("mismatches") else "",
        "message": message,
        "cycles": [(printable(task), shown(cycles.get(task) or None)) for task in tasks],
    }
