# SPDX-License-Identifier: Apache-2.0
"""Where the cycles went: exact sums, and words for every case."""

from typing import Any

from edgemoe.report.cycles import BETWEEN, cycle_shares, cycles_sentence, stage_groups, stage_label


def stage(name: str, kind: str, cycles: int, **more: Any) -> dict[str, Any]:
    return {"name": name, "kind": kind, "layer": None, "part": "backbone", "cycles": cycles, **more}


TASK = {
    "cycles": 1300,
    "backbone_cycles": 1000,
    "stages": [
        stage("blocks.1.moe.experts", "experts", 600, stall_cycles=30),
        stage("blocks.1.attn.q", "linear", 100),
        stage("blocks.1.attn.context", "attention", 100, stall_cycles=10),
        stage("blocks.1.moe.gate.logits", "linear", 50),
        stage("blocks.1.moe.gate", "gate", 46),
        stage("blocks.1.norm1", "layernorm", 4),
        {**stage("heads.depth.fc1", "linear", 300, stall_cycles=99), "part": "head"},
    ],
}


def test_the_sentence() -> None:
    text = cycles_sentence(TASK).replace("\N{NARROW NO-BREAK SPACE}", ",")
    assert text == (
        "Of 1,000 cycles of the backbone, 60 % went into the experts, 20 % into attention, 10 % into choosing and "
        f"combining experts, < 1 % into layer norms and 10 % into {BETWEEN}. "
        "In 40 of them (4.0 %) the array waited for a tile. The head took another 300."
    )


def test_shares_add_up(make_report: Any) -> None:
    for task in [TASK, *make_report(layers=5)["task"].values()]:
        shares = cycle_shares(task)
        assert sum(cycles for _, cycles, _ in shares) == task["backbone_cycles"]
        assert sum(percent for *_, percent in shares) == 100


def test_stages_that_overlap_are_said_to() -> None:
    text = cycles_sentence({**TASK, "backbone_cycles": 500, "cycles": 800})
    assert "They overlap: the backbone took 500." in text and BETWEEN not in text


def test_no_clock_and_no_stages() -> None:
    golden = {"cycles": 0, "backbone_cycles": 0, "stages": [stage("a", "linear", 0)]}
    assert cycles_sentence(golden) == "No cycles were counted: this back end has no clock."
    assert "not recorded" in cycles_sentence({"cycles": 5, "stages": []})
    assert cycles_sentence({}) == cycles_sentence(golden)


def test_stages_of_other_networks_are_named_by_their_kind() -> None:
    text = cycles_sentence(
        {"backbone_cycles": 10, "cycles": 10, "stages": [stage("conv1", "convolution", 10)]}
    )
    assert "100 % went into convolution." in text


def test_labels() -> None:
    assert stage_label({"name": "blocks.1.attn.context", "layer": 1}) == "layer 1: attn.context"
    assert (
        stage_label({"name": "embed", "layer": None})
        == stage_label({"name": "embed", "layer": -1})
        == "embed"
    )


def test_groups_keep_the_order_and_every_cycle() -> None:
    stages = [
        stage("pixels", "load", 10),
        stage("blocks.0.norm1", "layernorm", 20, stall_cycles=5) | {"layer": 0},
        stage("blocks.0.attn.q", "linear", 40) | {"layer": 0},
        stage("features", "store", 1),
        stage("heads.depth.fc1", "linear", 3) | {"part": "head"},
    ]
    groups = stage_groups(stages)
    assert [group["title"] for group in groups] == [
        "Before the layers",
        "Layer 0",
        "After the layers",
        "Head",
    ]
    assert groups[1]["cycles"] == "60"
    norm = groups[1]["stages"][0]
    assert (norm["working"], norm["waiting"]) == ("37.50", "12.50")
    assert groups[3]["stages"][0]["name"] == "fc1"
