# SPDX-License-Identifier: Apache-2.0
"""The figures of docs/reference/quantisation.md, which `make quantisation` measured, are good enough."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

RECORD = Path(__file__).resolve().parents[2] / "docs" / "pictures" / "quantisation.json"
PARTS: dict[str, list[dict[str, Any]]] = json.loads(RECORD.read_text())
MODELS = ("nano", "tiny")


def rows(part: str, model: str) -> list[dict[str, Any]]:
    found = [row for row in PARTS[part] if row["model"] == model]
    assert found
    return found


@pytest.mark.parametrize("model", MODELS)
def test_no_image_loses_much_against_margin_6(model: str) -> None:
    """Nor clips anything, whatever calibration has seen; margin 1.5 did."""
    found = rows("far", model)
    assert len({row["images"] for row in found}) == 7
    for row in found:
        assert row["default_db"] >= row["margin3_db"] - 3, row
        assert row["default_clipped"] == 0, row
    assert any(row["margin1.5_clipped"] > 0 for row in found)


@pytest.mark.parametrize("model", MODELS)
def test_int8_weights_cost_little(model: str) -> None:
    """At most 0.2 points of mIoU and 0.5 % of RMSE, on the same scenes."""
    found = {row["widths"]: row for row in rows("accuracy", model)}
    real = found["float32"]
    int16 = [row for widths, row in found.items() if "A16" in widths]
    assert found["W8A16"] in int16
    for row in int16:
        assert row["scenes"] == real["scenes"] >= 96
        assert row["miou"] >= real["miou"] - 0.002
        assert row["rmse"] <= 1.005 * real["rmse"]


def test_percentiles_cost_more_than_margins() -> None:
    found = {row["ranges"]: row for row in rows("ways", "nano")}
    assert found["99.9 %"]["W8A16_db"] < found["greatest, margin 6 and bounds"]["W8A16_db"] - 8


@pytest.mark.parametrize("model", sorted({row["model"] for row in PARTS["budget"]}))
def test_bytes_buy_accuracy(model: str) -> None:
    found = rows("budget", model)
    assert [row["bytes"] for row in found] == sorted(row["bytes"] for row in found)
    # The features of `tiny` have more noise from scores beyond their fixed format than from weights.
    assert found[-1]["db"] > found[0]["db"] + 3 if model == "nano" else found[-1]["db"] >= found[0]["db"]


def by_variant() -> dict[str, dict[str, dict[str, Any]]]:
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for row in json.loads(RECORD.with_name("accuracy.json").read_text()):
        assert row["model"] == "tiny" and row["scenes"] >= 500
        found.setdefault(row["variant"], {})[row["widths"]] = row
    return found


def test_every_variant_is_measured_at_every_width() -> None:
    found = by_variant()
    assert set(found) == {"k2", "k4", "embedding", "heads", "powers", "dense"}
    for name, rows in found.items():
        # Of what goes beyond the paper the integers may still be to come, where the page has a dash.
        assert set(rows) == {"float32", "W16A16", "W8A16", "W8A8"} or name in ("heads", "powers")
        assert len({(row["steps"], row["parameters"]) for row in rows.values()}) == 1
        real = rows["float32"]
        for widths in {"W16A16", "W8A16"} & set(rows):
            assert rows[widths]["miou"] >= real["miou"] - 0.002
            assert rows[widths]["rmse"] <= 1.005 * real["rmse"]


def test_experts_are_ahead_of_their_dense_twin() -> None:
    found = by_variant()
    for widths in ("float32", "W16A16", "W8A16"):
        own, twin = found["k2"][widths], found["dense"][widths]
        assert own["miou"] > twin["miou"] and own["rmse"] < twin["rmse"]
