# SPDX-License-Identifier: Apache-2.0
"""The tables of the page on what goes beyond the paper, from records; those of a training when they are there."""

from __future__ import annotations

import json
from pathlib import Path

import beyond_tables
import pytest
from pages import ROOT

from edgemoe.powers import CODES


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout with the records of this one, but those of models trained as powers of two."""
    for name in ("models/figures.json", "docs/pictures/beyond.json"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text((ROOT / name).read_text())
    monkeypatch.setattr(beyond_tables, "ROOT", tmp_path)
    monkeypatch.setattr(beyond_tables, "RECORD", tmp_path / "docs/pictures/beyond.json")
    return tmp_path


def row(table: str, *words: str) -> list[str]:
    """The cells of the one row with these words."""
    found = [line for line in table.splitlines() if all(word in line for word in words)]
    assert len(found) == 1, (table, words)
    return [cell.strip() for cell in found[0].strip("| ").split("|")]


def test_what_a_training_leaves_is_shown_and_what_is_missing_is_not(root: Path) -> None:
    assert "trained as" not in beyond_tables.powers_table()
    record = {"float": {"miou": 0.5, "rmse": 2.0}, "steps": 1234}
    for changes, miou in (({}, "0.500"), ({"half": {"miou": 0.75, "rmse": 3.0}}, "0.750")):
        (root / "models" / "tiny-powers.json").write_text(json.dumps(record | changes))
        cells = row(beyond_tables.powers_table(), "`tiny`", "trained")
        assert cells[2] == miou and cells[4] == "1,234"
    assert beyond_tables.powers_table().count("trained as") == 1


def test_codes_of_four_bits_are_arithmetic_and_marked_so(root: Path) -> None:
    assert beyond_tables.CODE_BITS == 4 and 2 * len(CODES) - 1 <= 1 << 4
    table = beyond_tables.powers_cost_table()
    built, stream = row(table, "| powers of two |"), row(table, "arithmetic")
    whole, experts = (int(built[place].replace(",", "")) for place in (3, 4))
    assert "not built" in stream[0] and stream[1] == ""
    assert int(stream[4].replace(",", "")) == experts // 2
    assert int(stream[3].replace(",", "")) == whole - experts // 2


def test_equal_cycles_are_those_of_two_runs(root: Path) -> None:
    """What the page says of them: other outputs, other tokens of the experts, as many in all."""
    rows = json.loads(beyond_tables.RECORD.read_text())["nano"]
    plain, powers = rows["experts"], rows["rounded"]
    assert plain["output_sha256"] != powers["output_sha256"]
    assert plain["tokens"] != powers["tokens"] and sum(plain["tokens"]) == sum(powers["tokens"])
    assert plain["backbone"] == powers["backbone"] and plain["read"] == powers["read"]


def test_every_row_has_its_figures(root: Path) -> None:
    measured = json.loads(beyond_tables.RECORD.read_text())["nano"]
    table = beyond_tables.dense_table()
    for name, key in beyond_tables.DENSE:
        cells = [
            cell.strip()
            for cell in next(x for x in table.splitlines() if x.startswith(f"| {name} |")).split("|")
        ]
        assert cells[2], f"{name}: run `make beyond`"
        assert (cells[6] != "") == ("backbone" in measured[key])
