# SPDX-License-Identifier: Apache-2.0
"""Which expert took which patch: the drawing is of the data, and disagreement is said."""

from typing import Any

import numpy as np

from edgemoe.cosim.routing import routing_figures
from edgemoe.report.routing import agreement, colour_of, experts_table, routing_views

ROUTING = {"layer": 1, "experts": [[0, 2], [1], [], [2, 0, 1], [9, 1]]}
TASK = {
    "routing": [ROUTING],
    "experts": [
        {"layer": 1, "expert": 0, "tokens": 2},
        {"layer": 1, "expert": 1, "tokens": 3},
        {"layer": 1, "expert": 2, "tokens": 2},
        {"layer": 1, "expert": 9, "tokens": 1},
    ],
}


def test_choices_of_the_gates() -> None:
    gates = {
        3: np.array([[[5, 1, 900], [2, 0, 100]], [[7, 1, 600], [5, 1, 400]]]),
        1: np.array([[[0, 0, 1], [1, 0, 1]]]),
    }
    assert routing_figures(gates) == [
        {"layer": 1, "experts": [[]]},
        {"layer": 3, "experts": [[5], [7, 5]]},
    ]


def test_the_drawing() -> None:
    (view,), problems = routing_views(TASK, [2, 2], 0.5)
    assert problems == []
    assert (view["width"], view["height"], view["cell"]) == (64, 32.0, 16.0)
    firsts = [patch["first"] and patch["first"]["expert"] for patch in view["patches"]]
    assert firsts == [1, None, 2, 9]
    assert [(patch["x"], patch["y"]) for patch in view["patches"]] == [
        (0, 0.0),
        (32, 0.0),
        (0, 16.0),
        (32, 16.0),
    ]
    assert [len(patch["squares"]) for patch in view["patches"]] == [0, 0, 2, 1]
    assert view["patches"][2]["title"] == "row 1, column 0: expert 2, then 0 and 1"
    assert view["patches"][1]["title"] == "row 0, column 1: no expert"
    assert view["notes"] == ["class token: expert 0 and 2", "1 patch without an expert"]
    assert [(mark["expert"], mark["tokens"]) for mark in view["legend"]] == [(0, 2), (1, 3), (2, 2), (9, 1)]


def test_experts_are_told_apart() -> None:
    assert len({(mark["fill"], mark["texture"]) for mark in map(colour_of, range(32))}) == 32


def test_equal_counts_are_said_to_be_equal() -> None:
    agrees, text = agreement(TASK)
    assert agrees and "equal theirs" in text


def test_other_counts_are_said_to_differ() -> None:
    changed = [
        {**TASK["experts"][0], "tokens": 3},
        *TASK["experts"][1:3],
        {"layer": 1, "expert": 4, "tokens": 1},
    ]
    agrees, text = agreement({**TASK, "experts": changed})
    assert not agrees and "equal" not in text
    assert "layer 1, expert 0: 3 counted, 2 chosen" in text
    assert "layer 1, expert 4: 1 counted, 0 chosen" in text
    assert "layer 1, expert 9: 0 counted, 1 chosen" in text


def test_no_counts_are_not_called_equal() -> None:
    agrees, text = agreement({"routing": [ROUTING]})
    assert agrees and "no counts" in text and "equal" not in text


def test_what_cannot_be_drawn_is_said() -> None:
    for grid, said in (([3, 3], "3 × 3 patches"), (None, "no grid")):
        views, problems = routing_views(TASK, grid, None)
        assert views == [] and said in problems[0]


def test_the_table_of_tokens() -> None:
    table: Any = experts_table(TASK)
    assert table["experts"] == list(range(10))
    assert [tokens for tokens, _ in table["rows"][0][1]] == [2, 3, 2, 0, 0, 0, 0, 0, 0, 1]
    assert experts_table({}) is None


def test_experts_and_layers_without_tokens_are_in_the_table() -> None:
    """A model of 16 experts is not shown as one of 10, nor a layer that dropped every token as none."""
    dropped = {"layer": 3, "experts": [[], []]}
    table: Any = experts_table({**TASK, "routing": [ROUTING, dropped]}, 16)
    assert table["experts"] == list(range(16))
    assert [(layer, sum(tokens for tokens, _ in cells)) for layer, cells in table["rows"]] == [(1, 8), (3, 0)]
    nothing: Any = experts_table({"experts": [], "routing": [dropped]}, 2)
    assert nothing["rows"] == [(3, [(0, "0.00"), (0, "0.00")])]
    assert experts_table({"experts": [], "routing": []}, 0) is None
