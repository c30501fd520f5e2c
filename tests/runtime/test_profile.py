# SPDX-License-Identifier: Apache-2.0
"""A profile as rows, table, page and plot."""

import sys
from pathlib import Path

import numpy as np
import pytest
from small import small

import edgemoe
from edgemoe.errors import UserError
from edgemoe.golden.random_package import random_image, random_package
from edgemoe.program.figures import stage_figures
from edgemoe.runtime.profile import COLUMNS, Profile

SMALL = small()


@pytest.fixture
def profile(golden_overlay: Path) -> Profile:
    with edgemoe.Accelerator(golden_overlay) as running:
        running.load(random_package(SMALL, 3))
        return running.profile(random_image(SMALL, np.random.default_rng(0)), "depth")


def test_rows(profile: Profile) -> None:
    """The same figures as report.json's, with the columns that were promised."""
    assert profile.rows == stage_figures(profile.run)
    assert {"name", "layer", "cycles", "macs", "read_bytes", "write_bytes", "stall_cycles"} <= profile.rows[
        0
    ].keys()
    assert sum(row["read_bytes"] for row in profile.rows) > 0
    assert sum(row["macs"] for row in profile.rows) > 10_000


def test_table(profile: Profile) -> None:
    lines = profile.table().splitlines()
    assert "depth of small on sim-small: 20000 cycles" in lines[0]
    assert all(title in lines[1] for title in COLUMNS.values())
    assert len(lines) == len(profile.rows) + 6
    sums = next(line for line in lines if line.startswith("in all"))
    assert sums.split()[3] == str(sum(row["macs"] for row in profile.rows))
    assert len({len(line) for line in lines[1:-1]}) == 1, "columns are aligned"
    assert str(profile) == profile.table()


def test_page(profile: Profile) -> None:
    page = profile._repr_html_()
    assert page.count("<tr>") == len(profile.rows) + 2
    assert "None" not in page
    assert "blocks.0.norm1" in page


@pytest.mark.parametrize("kind", ["png", "svg", "pdf"])
def test_plot(profile: Profile, tmp_path: Path, kind: str) -> None:
    figure = profile.plot(tmp_path / "new" / f"plot.{kind}")
    begins = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}[kind]
    assert (tmp_path / "new" / f"plot.{kind}").read_bytes().startswith(begins)
    bars = [len(container) for container in figure.axes[0].containers]
    assert bars == [len(profile.rows)] * 2
    assert [path.name for path in (tmp_path / "new").iterdir()] == [f"plot.{kind}"]


@pytest.mark.parametrize("name", ["plot.xyz", "plot"])
def test_an_unknown_kind_of_picture(profile: Profile, tmp_path: Path, name: str) -> None:
    with pytest.raises(UserError, match=r"its ending must be one of .*png"):
        profile.plot(tmp_path / name)
    assert list(tmp_path.glob("plot*")) == []


def test_without_matplotlib(profile: Profile, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "matplotlib"]:
        monkeypatch.delitem(sys.modules, name)

    class Absent:
        def find_spec(self, name, path=None, target=None):
            if name.partition(".")[0] == "matplotlib":
                raise ModuleNotFoundError(f"No module named {name!r}", name="matplotlib")

    monkeypatch.setattr(sys, "meta_path", [Absent(), *sys.meta_path])
    with pytest.raises(UserError, match="pip install matplotlib"):
        profile.plot()
    assert profile.table()
