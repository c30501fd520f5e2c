# SPDX-License-Identifier: Apache-2.0
"""The summary of a folder: counts, links, thumbnails, messages."""

import base64
import io
import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import numpy as np
import pytest
from PIL import Image

from edgemoe.report import write_summary

DIFFERS = {
    "task": "depth",
    "stage": "end",
    "layer": None,
    "tensor": "statistics records",
    "index": [],
    "golden": 1,
}


def entry(name: str, **more: Any) -> dict[str, Any]:
    report = {
        "bit_exact": True,
        "mismatches": 0,
        "first_divergence": None,
        "task": {"depth": {"cycles": 100}},
    }
    return {"name": f"{name}.png", "folder": name, "report": {**report, **more}}


def read(out: Path, entries: list[dict[str, Any]]) -> tuple[str, dict[str, Any]]:
    page = write_summary(out, out, entries).read_text(encoding="utf-8")
    summary: dict[str, Any] = json.loads((out / "summary.json").read_text())
    return page, summary


def test_all_kinds_of_images(tmp_path: Path) -> None:
    entries = [
        entry("a"),
        entry("b", bit_exact=False, mismatches=17, first_divergence=DIFFERS),
        entry("c", task={"depth": {"cycles": 300}}),
        {"name": "bad.png", "error": "bad.png: expected PNG, got <script>."},
    ]
    page, summary = read(tmp_path, entries)
    assert {key: value for key, value in summary.items() if key != "entries"} == {
        "images": 4,
        "bit_exact": 2,
        "different": 1,
        "not_compared": 0,
        "failed": 1,
    }
    assert [image["state"] for image in summary["entries"]] == [
        "bit_exact",
        "different",
        "bit_exact",
        "failed",
    ]
    assert summary["entries"][1] == {
        "name": "b.png",
        "folder": "b",
        "state": "different",
        "mismatches": 17,
        "first_divergence": "depth, stage end, statistics records: golden has 1, this run no value.",
        "cycles": {"depth": 100},
    }
    assert summary["entries"][3] == {"name": "bad.png", "state": "failed", "error": entries[3]["error"]}
    assert "4 images: 2 bit-exact, 1 not bit-exact and 1 did not run." in page
    assert "Depth: 500 cycles for 3 images, from 100 to 300, median 100." in page
    assert "17 elements differ" in page and "expected PNG, got &lt;script&gt;" in page
    assert "None" not in page and "<script" not in page
    assert 'href="a/report.html"' in page and "bad.png/report.html" not in page
    assert 'href="#image2"' in page and 'href="#image4"' in page and 'href="#image1"' not in page


def test_thumbnails_are_small_and_inside(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    Image.fromarray(np.zeros((1000, 2000, 3), np.uint8)).save(tmp_path / "a" / "input.png")
    (tmp_path / "a" / "depth.png").write_bytes(b"no picture")
    page, _ = read(tmp_path, [entry("a")])
    (data,) = re.findall(r'src="data:image/jpeg;base64,([^"]+)"', page)
    assert Image.open(io.BytesIO(base64.b64decode(data))).size == (200, 100)
    assert 'loading="lazy"' in page and 'alt="Input of a.png"' in page


@pytest.mark.parametrize(
    "number, said", [(0, "0 images."), (1, "1 image: 1 bit-exact."), (500, "500 images: 500 bit-exact.")]
)
def test_any_number_of_images(tmp_path: Path, number: int, said: str) -> None:
    page, summary = read(tmp_path, [entry(str(i)) for i in range(number)])
    assert said in page and summary["images"] == number
    assert page.count('<tr id="image') == number
    assert ('class="verdict good"' in page) == (number > 0)


def test_cycles_that_are_not_known(tmp_path: Path) -> None:
    page, _ = read(tmp_path, [entry("a", task={"depth": {"cycles": 0}, "segmentation": {"cycles": None}})])
    assert "Depth:" not in page and "None" not in page


def test_names_of_all_kinds(tmp_path: Path) -> None:
    names = ["<b>&", "straße 1", "50%", "a#b?c", "odd\udc80"]
    page, _ = read(tmp_path, [entry(name) for name in names])
    links = re.findall(r'<a href="([^"#]+/report\.html)"', page)
    assert [unquote(link, errors="surrogateescape") for link in links] == [
        f"{name}/report.html" for name in names
    ]
    assert "<b>" not in page and r"odd\udc80.png" in page


def test_a_second_summary_replaces_the_first_and_leaves_nothing_else(tmp_path: Path) -> None:
    read(tmp_path, [entry("a")])
    page, _ = read(tmp_path, [entry("b")])
    assert "a.png" not in page
    assert sorted(path.name for path in tmp_path.iterdir()) == ["index.html", "summary.json"]


def test_the_pages_may_be_written_elsewhere_than_the_results(tmp_path: Path) -> None:
    work, folder = tmp_path / "work", tmp_path / "folder"
    work.mkdir()
    (folder / "a").mkdir(parents=True)
    Image.new("RGB", (8, 4)).save(folder / "a" / "input.png")
    page = write_summary(work, folder, [entry("a")])
    assert page.parent == work and "data:image/jpeg" in page.read_text(encoding="utf-8")
