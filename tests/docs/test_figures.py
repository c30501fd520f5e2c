# SPDX-License-Identifier: Apache-2.0
"""No measured figure is typed by hand: it stands in a generated part of its page, or nowhere.

A generated part lies between `<!-- table: NAME -->` and `<!-- end -->`, is written by a target of the
Makefile, and is compared with its record by tests/docs. What counts as a figure is a number with the unit of
a measurement. Widths in bits and bytes, shapes, and limits of fields are no measurements: they are the
specification, and the tests of the parts hold them.
"""

import re

import pytest
from pages import CODE, PAGES, ROOT, prose

UNIT = (
    r"(?:cycles?|[kKMGT]i?B|(?:kilo|mega|giga)bytes?|[mun]?s|seconds?|minutes?|hours?|days?|dB|LUTs?|FFs?|DSPs?|"
    r"BRAMs?|URAMs?|fps|[kMG]?Hz|times|MACs?|GMACs?|points?|lines|tests|mutations|scenes|images)"
)
NUMBER_WORD = (
    r"(?:half a|a|an|one|two|three|four|five|six|seven|eight|nine|ten|twelve|twenty|thirty|fifty|sixty|ninety|"
    r"(?:a )?(?:hundred|thousand|million|billion)|tens of|hundreds of|thousands of)"
)
FIGURE = re.compile(
    rf"(?<![\w.,^/²–-])(?<!… )(?:\d[\d,.]*[\s-]?{UNIT}\b(?!\^)"  # 45 s, 8 KB
    r"|\d[\d,.]* ?%"  # 95 %
    rf"|{NUMBER_WORD}\s+(?:MB|GB|megabytes|gigabytes|seconds|minutes?|hours?|days?|percent|times)\b"
    r"|\d{1,3}(?:,\d{3})+"  # 213,073
    r"|\d+\.\d{2,}(?!\.))"  # 0.831
)
ALLOWED = {
    # (page, figure): (file that has the number, how it is written there)
    ("CONTRIBUTING.md", "five seconds"): ("pyproject.toml", "more than five seconds"),
    ("cosim/README.md", "90 %"): ("cosim/kernels.py", "0.9)"),
    ("cosim/README.md", "5,000 cycles"): ("cosim/bench.py", "PATIENCE = 5000"),
    ("docs/how-to/pynq-program.md", "4 KiB"): ("host/edgemoe/sim/native/dram.cpp", "4 KiB border"),
    ("docs/how-to/pynq-program.md", "256 MiB"): ("host/edgemoe/sim/arena.py", "SIZE, BASE = 256 << 20"),
    ("README.md", "3.10"): ("pyproject.toml", ">=3.10"),
    ("README.md", "3.12"): ("pyproject.toml", "<3.13"),
    ("docs/tutorial/first-image.md", "3.10"): ("pyproject.toml", ">=3.10"),
    ("docs/tutorial/first-image.md", "3.12"): ("pyproject.toml", "<3.13"),
}


def figures(text: str) -> list[str]:
    """The figures of a text, code quotes and addresses of links left out."""
    text = re.sub(r"\]\([^)]*\)", "]", CODE.sub("`", text))
    return [" ".join(found[0].split()) for found in FIGURE.finditer(text)]


@pytest.mark.parametrize("page", PAGES)
def test_no_figure_is_typed_by_hand(page: str) -> None:
    stray = [figure for figure in figures(prose(page)) if (page, figure) not in ALLOWED]
    assert not stray, f"{page}: {stray}: generate them, or say it without the number"


def test_what_is_allowed_is_there_and_true() -> None:
    for (page, figure), (source, text) in ALLOWED.items():
        assert figure in figures(prose(page)), f"{page} says {figure} no more: take it from the list"
        assert text in (ROOT / source).read_text(), f"{source} no longer says {text}; {page} says {figure}"


@pytest.mark.parametrize(
    "text",
    [
        "about 8 KB a cycle",
        "95 % of the peak",
        "takes 45 s",
        "a hundred times slower",
        "213,073",
        "mIoU 0.831",
        "ten\nminutes",
    ],
)
def test_a_figure_is_seen(text: str) -> None:
    assert figures(text)


@pytest.mark.parametrize(
    "text", ["int16", "64-byte descriptors", "`45 s`", "2^15", "8 columns", "16 × 16 bit"]
)
def test_what_is_no_figure(text: str) -> None:
    assert not figures(text)
