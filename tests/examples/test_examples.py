# SPDX-License-Identifier: Apache-2.0
"""Each example is short, says its idea first, and prints on the simulated board what examples/README.md says."""

from pathlib import Path

import make_examples
import pytest

NAMES = make_examples.names()


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_an_example_prints_what_the_page_says(name: str, overlay: Path) -> None:
    assert make_examples.printed(name) == make_examples.recorded()[name], "run `make notebooks`"


def test_the_page_has_all_of_them_and_is_generated() -> None:
    recorded = make_examples.recorded()
    assert sorted(recorded) == NAMES and len(NAMES) >= 11
    assert make_examples.page(recorded) == make_examples.PAGE.read_text(), "run `make notebooks`"


@pytest.mark.parametrize("name", NAMES)
def test_an_example_is_short_and_says_its_idea(name: str) -> None:
    lines = (make_examples.EXAMPLES / f"{name}.py").read_text().splitlines()
    assert len(lines) <= 40
    assert lines[1].startswith('"""') and lines[1].endswith('."""')


@pytest.mark.parametrize("name", ["interrupt", "raw_registers"])
def test_examples_with_pynq_alone(name: str) -> None:
    assert "edgemoe" not in (make_examples.EXAMPLES / f"{name}.py").read_text().replace(
        "build/overlay/sim-small/edgemoe.bit", ""
    )
