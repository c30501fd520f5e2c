# SPDX-License-Identifier: Apache-2.0
"""Sentences say what is known and nothing else."""

import itertools
import math

import pytest

from edgemoe.report import divergence_sentence
from edgemoe.report.words import UNKNOWN, listed, percents, plural, rows, shown, verdict_sentence

FIRST = {
    "task": "depth",
    "stage": "linear",
    "layer": 1,
    "tensor": "blocks.1.attn.q",
    "index": [3, 5],
    "golden": 7,
    "got": -9,
    "source": "engine (engine.hpp)",
}


def test_a_divergence_in_one_sentence() -> None:
    assert divergence_sentence(FIRST) == (
        "depth, stage linear of layer 1, blocks.1.attn.q[3, 5]: golden has 7, this run -9; "
        "computed by engine (engine.hpp)."
    )


def test_layer_0_and_value_0_are_said() -> None:
    text = divergence_sentence({**FIRST, "layer": 0, "golden": 0})
    assert "of layer 0" in text and "golden has 0" in text


def test_a_divergence_of_no_layer_and_no_index() -> None:
    text = divergence_sentence(
        {**FIRST, "stage": "end", "layer": None, "tensor": "statistics records", "index": []}
    )
    assert text.startswith("depth, stage end, statistics records: golden has 7, this run -9")


@pytest.mark.parametrize("keys", [keys for n in range(4) for keys in itertools.combinations(FIRST, n)])
@pytest.mark.parametrize("unknown", [None, math.nan, "absent"])
def test_what_is_unknown_is_not_said(keys: tuple[str, ...], unknown: object) -> None:
    first = {key: value for key, value in FIRST.items() if key not in keys}
    if unknown != "absent":
        first |= dict.fromkeys(keys, unknown)
    text = divergence_sentence(first)
    assert "None" not in text and "nan" not in text and "[]" not in text
    assert text.endswith(".")
    assert "golden" in keys or "golden has 7" in text


def test_nothing_known_is_still_a_sentence() -> None:
    assert divergence_sentence({}) == "at a place that was not recorded."


def test_values() -> None:
    thin = "\N{NARROW NO-BREAK SPACE}"
    assert [shown(value) for value in (1234567, 200.0, 0.77954, True, "a")] == [
        f"1{thin}234{thin}567",
        "200",
        "0.7795",
        "yes",
        "a",
    ]
    assert {shown(value) for value in (None, math.nan, math.inf)} == {UNKNOWN}
    assert shown({"a": None, "b": [math.nan]}) == f'a: {UNKNOWN}, b: ["{UNKNOWN}"]'
    assert shown("\udc80") == r"\udc80"
    assert rows({"a": 1, "b": None, "c": math.nan}) == {"a": "1"}


def test_percents_add_up() -> None:
    assert percents([1, 1, 1]) == [34, 33, 33]
    assert percents([995, 5]) in ([99, 1], [100, 0])
    assert percents([0, 0]) == [0, 0] and percents([]) == []
    for values in itertools.product(range(1, 8), repeat=4):
        assert sum(percents(values)) == 100


def test_lists_and_plurals() -> None:
    assert [listed(list("abc"[:n])) for n in range(4)] == ["", "a", "a and b", "a, b and c"]
    assert [plural(n, "patch", "patches") for n in (0, 1, 2)] == ["0 patches", "1 patch", "2 patches"]


@pytest.mark.parametrize(
    "report, text",
    [
        (
            {"bit_exact": True, "mismatches": 0},
            "Bit-exact: every element of every output equals the golden model's.",
        ),
        ({"bit_exact": False, "mismatches": 1}, "Not bit-exact: 1 element differs."),
        ({"bit_exact": False, "mismatches": 2}, "Not bit-exact: 2 elements differ."),
        ({"bit_exact": False}, "Not bit-exact."),
        ({"bit_exact": None}, "Not compared with the golden model."),
        ({}, "Not compared with the golden model."),
    ],
)
def test_verdicts(report: dict[str, object], text: str) -> None:
    assert verdict_sentence(report) == text
