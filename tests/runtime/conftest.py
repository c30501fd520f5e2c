# SPDX-License-Identifier: Apache-2.0
"""The driver's partner in tests that need no RTL."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from golden_target import overlay_of


@pytest.fixture
def golden_overlay(tmp_path: Path) -> Iterator[Path]:
    """An overlay of `sim-small` whose accelerator is the golden machine."""
    with overlay_of(tmp_path) as bitstream:
        yield bitstream
