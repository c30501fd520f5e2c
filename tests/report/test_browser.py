# SPDX-License-Identifier: Apache-2.0
"""In a browser: nothing overflows or is cut at the width of a desk's screen and of a phone, and it prints."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from edgemoe.report import write_page, write_summary

pytestmark = pytest.mark.slow

WIDTHS = (1200, 390)


def folder_of(out: Path, report: dict[str, Any], size: tuple[int, int] = (256, 512)) -> Path:
    out.mkdir(exist_ok=True)
    (out / "report.json").write_text(json.dumps(report))
    noise = np.random.default_rng(0).integers(0, 255, (*size, 3), dtype=np.uint8)
    for name in ("input", "segmentation", "depth"):
        Image.fromarray(noise).save(out / f"{name}.png")
    return write_page(out)


def assert_seen_whole(browser: Any, page: Path) -> None:
    for width in WIDTHS:
        measured = browser.measure(page, width)
        assert measured["inner"] == width and measured["texts"] > 200
        assert measured["scroll"] <= width
        assert measured["bad"] == []


def a_long_divergence() -> dict[str, Any]:
    return {
        "task": "segmentation",
        "stage": "linear",
        "layer": None,
        "tensor": "statistics of blocks.1.attn.context: engine_steps_of_a_very_long_counter_name_" + 8 * "x_",
        "index": [],
        "golden": 1,
        "got": 2,
        "source": "engine (hls/include/edgemoe/engine.hpp), epilogue REQUANT (hls/include/edgemoe/epilogue.hpp)",
    }


def test_a_report_is_seen_whole(browser: Any, make_report: Any, tmp_path: Path) -> None:
    assert_seen_whole(browser, folder_of(tmp_path / "run", make_report()))


def test_a_large_report_that_differs_is_seen_whole(browser: Any, make_report: Any, tmp_path: Path) -> None:
    report = make_report(layers=12, experts=24, grid=(8, 16))
    report |= {"bit_exact": False, "mismatches": 1234567, "first_divergence": a_long_divergence()}
    report["image_name"] = "a_long_name_without_any_place_to_break_it_" * 4 + ".png"
    assert_seen_whole(browser, folder_of(tmp_path / "run", report))


def test_a_summary_is_seen_whole(browser: Any, make_report: Any, tmp_path: Path) -> None:
    differs = {**make_report(), "bit_exact": False, "mismatches": 17, "first_divergence": a_long_divergence()}
    entries = []
    for name, report in {"a": make_report(), "b" * 80: differs, "c": make_report()}.items():
        folder_of(tmp_path / name, report, (64, 128))
        entries.append({"name": name + ".png", "folder": name, "report": report})
    entries.append(
        {"name": "bad.png", "error": "bad.png is no picture: expected PNG or JPEG, got text. " * 3}
    )
    assert_seen_whole(browser, write_summary(tmp_path, tmp_path, entries))


def test_pages_print(browser: Any, make_report: Any, tmp_path: Path) -> None:
    page = folder_of(tmp_path / "run", make_report())
    printed = browser.pdf(page)
    assert printed.startswith(b"%PDF")
    folded = page.with_name("folded.html")
    text = page.read_text(encoding="utf-8")
    folded.write_text(re.sub(r"<details>.*?</details>", "", text, flags=re.DOTALL), encoding="utf-8")
    assert pages_of(printed) > pages_of(browser.pdf(folded)), "what is folded on the screen is not printed"


def pages_of(pdf: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page\b", pdf))


def test_the_measurement_sees_what_is_not_whole(browser: Any, tmp_path: Path) -> None:
    """The check itself: a wide word, cut text, and small or cut text of a drawing."""
    page = tmp_path / "page.html"
    page.write_text(
        "<!doctype html><meta name=viewport content='width=device-width'><body>"
        f"<p>{'wide' * 200}</p><p style='width: 5em; overflow: hidden; white-space: nowrap'>cut text is cut</p>"
        "<svg viewBox='0 0 1000 100' width='300'><text x='10' y='50'>tiny</text>"
        "<text x='900' y='50' font-size='90'>beyond</text></svg></body>"
    )
    measured = browser.measure(page, 390)
    assert measured["scroll"] > 390
    said = " ".join(measured["bad"])
    assert all(what in said for what in ("outside: wide", "clipped: cut", "px: tiny", "outside: beyond"))
