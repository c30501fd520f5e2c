# SPDX-License-Identifier: Apache-2.0
"""The report page is whole, self-contained, and says what the data say."""

import copy
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from edgemoe.errors import UserError
from edgemoe.report import write_page

REPORT: dict[str, Any] = {
    "model": "nano",
    "board": "sim-small",
    "backend": "rtl",
    "bit_exact": True,
    "mismatches": 0,
    "first_divergence": None,
    "task": {
        "segmentation": {
            "cycles": 123456,
            "backbone_cycles": 100000,
            "stages": [
                {"name": "embed", "layer": None, "cycles": 5000, "macs": 10, "stall_cycles": 100},
                {"name": "attention", "layer": 0, "cycles": 7000, "macs": 20, "stall_cycles": 0},
            ],
            "experts": [
                {"layer": 1, "expert": 0, "tokens": 129, "weight_reads": 1},
                {"layer": 3, "expert": 5, "tokens": 42, "weight_reads": 1},
            ],
        }
    },
    "macs_per_cycle_peak": 256,
    "mac_utilisation": 0.4567,
    "clock_mhz": 200,
    "fps_at_clock": 1620.0,
    "dram": {"latency": 64},
    "config": {"rows": 32},
    "seconds": {"simulate": 1.5},
    "versions": {"numpy": "1.26.4"},
}


class Balanced(HTMLParser):
    """Fails on a tag that is closed out of order."""

    VOID = frozenset({"meta", "img", "br", "link", "path", "use", "image"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            assert self.open.pop() == tag


def page_of(report: dict[str, Any], out: Path) -> str:
    (out / "report.json").write_text(json.dumps(report))
    for name in ("input", "segmentation", "depth"):
        Image.fromarray(np.zeros((4, 8, 3), np.uint8)).save(out / f"{name}.png")
    return write_page(out).read_text(encoding="utf-8")


def test_the_page_is_whole_and_needs_no_other_file(tmp_path: Path) -> None:
    page = page_of(REPORT, tmp_path)
    parser = Balanced()
    parser.feed(page)
    assert parser.open == []
    addresses = re.findall(r"""(?:src|href)=["']([^"']+)""", page)
    assert all(address.startswith(("data:", "#")) for address in addresses)
    assert page.count("data:image/png;base64,") == 3


def test_the_page_says_what_the_data_say(tmp_path: Path) -> None:
    page = page_of(REPORT, tmp_path)
    assert "Bit-exact" in page
    assert "45.7 %" in page
    assert "123\N{NARROW NO-BREAK SPACE}456" in page
    assert "layer 0: attention" in page


def test_a_failed_comparison_is_on_top(tmp_path: Path) -> None:
    report = copy.deepcopy(REPORT)
    where = {"stage": "attention", "layer": 0, "tensor": "ctx", "index": [3, 5], "golden": 7, "got": -9}
    report |= {"bit_exact": False, "mismatches": 17, "first_divergence": where}
    page = page_of(report, tmp_path)
    assert "17 elements differ" in page
    assert page.index("First difference") < page.index("<figure>")
    assert "ctx" in page and "-9" in page


def test_the_least_report_that_can_be_shown(tmp_path: Path) -> None:
    assert "tiny" in page_of({"model": "tiny", "board": "x", "bit_exact": True, "task": {}}, tmp_path)


def test_text_from_the_data_is_escaped(tmp_path: Path) -> None:
    assert "<script>" not in page_of({**REPORT, "image": "<script>"}, tmp_path)


def test_no_report_is_a_message(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"report\.json does not exist"):
        write_page(tmp_path)
