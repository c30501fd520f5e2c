# SPDX-License-Identifier: Apache-2.0
"""The report page is whole, self-contained, and says what the data say."""

import base64
import copy
import html
import io
import json
import math
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from edgemoe.errors import UserError
from edgemoe.report import drawings, write_page

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
    assert "attention of layer 0, ctx[3, 5]: golden has 7, this run -9." in page


def test_the_least_report_that_can_be_shown(tmp_path: Path) -> None:
    assert "tiny" in page_of({"model": "tiny", "board": "x", "bit_exact": True, "task": {}}, tmp_path)


def test_text_from_the_data_is_escaped(tmp_path: Path) -> None:
    assert "<script>" not in page_of({**REPORT, "image": "<script>"}, tmp_path)


def seen(page: str) -> str:
    """The text of the page that a reader meets, alternative texts and titles included."""
    page = re.sub(r"<style>.*?</style>", "", page, flags=re.DOTALL)
    hidden = " ".join(re.findall(r"""(?:alt|aria-label)="([^"]*)\"""", page))
    return html.unescape(re.sub(r"<[^>]*>", " ", page)) + hidden


def assert_says_nothing_odd(page: str) -> None:
    parser = Balanced()
    parser.feed(page)
    assert parser.open == []
    assert not re.search(r"\b(None|null|nan|NaN|inf|Infinity|undefined)\b", seen(page))


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every entry of nested dictionaries and of each list's first dictionary."""
    if isinstance(value, dict):
        for key, entry in value.items():
            yield (*path, key)
            yield from places(entry, (*path, key))
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        yield from places(value[0], (*path, 0))


def changed(report: dict[str, Any], path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    """A copy with one entry replaced, or without it where `value` is `...`."""
    report = copy.deepcopy(report)
    holder: Any = report
    for key in path[:-1]:
        holder = holder[key]
    if value is ...:
        del holder[path[-1]]
    else:
        holder[path[-1]] = value
    return report


# Without these an entry of a list says nothing: who writes one gives them.
NEEDED = {"layer", "expert", "tokens", "experts", "name"}


@pytest.mark.parametrize("value", [..., None, math.nan, 0], ids=["absent", "null", "nan", "0"])
def test_no_key_is_needed(value: Any, make_report: Any, tmp_path: Path) -> None:
    report = make_report(layers=2, grid=(1, 2))
    first = {"task": "depth", "stage": "end", "layer": 1, "tensor": "t", "index": [1], "golden": 1, "got": 2}
    report |= {"bit_exact": False, "mismatches": 3, "first_divergence": {**first, "source": "walker"}}
    for path in places(report):
        in_list = any(isinstance(key, int) for key in path)
        holder: Any = report
        for key in path:
            holder = holder[key]
        if in_list and path[-1] in NEEDED:
            continue
        if isinstance(holder, dict | list) and value not in (..., None):
            continue
        assert_says_nothing_odd(page_of(changed(report, path, value), tmp_path))


def test_a_dense_model_of_one_task(make_report: Any, tmp_path: Path) -> None:
    report = make_report(layers=1, tasks=("depth",))
    page = page_of(report, tmp_path)
    assert "which expert" not in page and "tokens of each expert" not in page
    assert_says_nothing_odd(page)


def test_a_back_end_without_a_clock(make_report: Any, tmp_path: Path) -> None:
    report = make_report()
    report |= {
        "fps_at_clock": 0.0,
        "mac_utilisation": 0.0,
        "linear_mac_utilisation": 0.0,
        "backend": "golden",
    }
    for task in report["task"].values():
        task |= {"cycles": 0, "backbone_cycles": 0}
        for stage in task["stages"]:
            stage |= {"cycles": 0, "stall_cycles": 0}
    page = page_of(report, tmp_path)
    assert page.count("No cycles were counted: this back end has no clock.") == 2
    assert "images a second" not in page and "Roofline" not in page and 'class="bars"' not in page
    assert "which expert took which patch" in page
    assert_says_nothing_odd(page)


def test_experts_are_drawn_over_the_image(make_report: Any, tmp_path: Path) -> None:
    page = page_of(make_report(), tmp_path)
    assert page.count('<figure class="routing">') == 4
    assert page.count('<symbol id="backdrop"') == page.count("data:image/jpeg") == 1
    assert page.count('href="#backdrop"') == 4
    assert "the numbers of tokens that this run counted for each expert equal theirs" in page


def test_drawings_are_files_of_their_own(make_report: Any, tmp_path: Path) -> None:
    page_of(make_report(), tmp_path)
    drawn = drawings(tmp_path, "depth")
    assert sorted(drawn) == ["experts", "roofline"]
    for svg in drawn.values():
        assert ElementTree.fromstring(svg.strip()).tag == "{http://www.w3.org/2000/svg}svg"
    assert "Layer 1, depth" in drawn["experts"] and 'href="data:image/jpeg' in drawn["experts"]
    assert sorted(drawings(tmp_path, "no such task")) == ["roofline"]


def test_counts_that_disagree_with_the_drawing_are_said(make_report: Any, tmp_path: Path) -> None:
    report = make_report()
    report["task"]["depth"]["experts"][0]["tokens"] += 1
    page = page_of(report, tmp_path)
    assert re.search(r'<p class="warning">[^<]*layer 1, expert 0: \d+ counted, \d+ chosen', page)


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", "straße", "\udc80.png", "a\nb", ""])
def test_names_of_all_kinds(name: str, make_report: Any, tmp_path: Path) -> None:
    report = make_report()
    report |= {"model": name, "board": name, "image_name": name, "config": {name: name}}
    report["task"][name] = report["task"].pop("depth")
    for stage in report["task"][name]["stages"]:
        stage |= {"name": name + stage["name"], "kind": name + stage["kind"]}
    page = page_of(report, tmp_path)
    assert "<script" not in page
    assert_says_nothing_odd(page)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "3", "[" * 100_000], ids=["empty", "cut", "list", "number", "deep"]
)
def test_a_damaged_report_is_a_message(text: str, tmp_path: Path) -> None:
    (tmp_path / "report.json").write_text(text)
    with pytest.raises(UserError, match=r"report\.json .*run again"):
        write_page(tmp_path)


def test_a_picture_that_cannot_be_read_is_left_out_of_the_drawing(make_report: Any, tmp_path: Path) -> None:
    page_of(make_report(), tmp_path)
    (tmp_path / "input.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    page = write_page(tmp_path).read_text(encoding="utf-8")
    assert "#backdrop" not in page and '<figure class="routing">' in page


def test_no_report_is_a_message(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"report\.json does not exist"):
        write_page(tmp_path)


def test_pictures_on_the_page_are_of_a_size_that_a_browser_can_show(tmp_path: Path) -> None:
    """The files beside it keep the image's size."""
    page_of(REPORT, tmp_path)
    noise = np.random.default_rng(1).integers(0, 256, (2500, 3000, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "input.png", compress_level=1)
    page = write_page(tmp_path).read_text(encoding="utf-8")
    (shown,) = re.findall(r'src="data:image/jpeg;base64,([^"]+)" alt="Input"', page)
    with Image.open(io.BytesIO(base64.b64decode(shown))) as picture:
        assert picture.size == (2048, 1707)
    assert len(page) < (tmp_path / "input.png").stat().st_size / 2
