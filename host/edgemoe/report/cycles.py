# SPDX-License-Identifier: Apache-2.0
"""Where the cycles of a task went: a sentence, and bars by layer."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from edgemoe.report.words import count, listed, percents, printable, shown

# The first pattern found in a stage's name, after `blocks.<layer>.`, says what it works for; else its kind.
PURPOSES = (
    (re.compile(r"^attn\."), "attention"),
    (re.compile(r"^mlp\."), "the dense feed-forward layers"),
    (re.compile(r"^moe\.experts"), "the experts"),
    (re.compile(r"^moe\."), "choosing and combining experts"),
    (re.compile(r"^(pixels|pos_embed|patch_embed)"), "the embedding"),
)
KINDS = {
    "experts": "the experts",
    "attention": "attention",
    "layernorm": "layer norms",
    "linear": "other linear layers",
    "gate": "choosing and combining experts",
    "combine": "choosing and combining experts",
    "load": "loads and stores",
    "store": "loads and stores",
}
BETWEEN = "nothing that a stage counts (between stages, and taps)"


def stage_name(stage: Mapping[str, Any]) -> str:
    """`attn.context` for `blocks.1.attn.context`."""
    return re.sub(r"^blocks\.\d+\.", "", printable(str(stage.get("name", "stage"))))


def layer_of(stage: Mapping[str, Any]) -> int | None:
    """The stage's layer; null, -1 and absence all mean that it belongs to none."""
    layer = stage.get("layer")
    return layer if isinstance(layer, int) and layer >= 0 else None


def stage_label(stage: Mapping[str, Any]) -> str:
    """`layer 1: attn.context` for `blocks.1.attn.context`; a stage of no layer keeps its name."""
    layer, name = layer_of(stage), stage_name(stage)
    return name if layer is None else f"layer {layer}: {name}"


def purpose(stage: Mapping[str, Any]) -> str:
    """What a stage works for, in words of the sentence."""
    name = stage_name(stage)
    for pattern, words in PURPOSES:
        if pattern.search(name):
            return words
    kind = printable(str(stage.get("kind", "stages of no kind")))
    return KINDS.get(kind, kind)


def backbone(task: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The task's stages that are not of the head."""
    return [stage for stage in task.get("stages") or [] if stage.get("part") != "head"]


def cycle_shares(task: Mapping[str, Any]) -> list[tuple[str, int, int]]:
    """(purpose, cycles, whole percent) of the backbone, largest first; cycles add up to `backbone_cycles`.

    Cycles that no stage counts are the last entry. Stages that overlap count more than there were: then
    the shares are of the stages' sum.
    """
    cycles: dict[str, int] = {}
    for stage in backbone(task):
        cycles[purpose(stage)] = cycles.get(purpose(stage), 0) + int(count(stage.get("cycles")))
    parts = sorted(((name, value) for name, value in cycles.items() if value), key=lambda part: -part[1])
    between = int(count(task.get("backbone_cycles"))) - sum(cycles.values())
    if parts and between > 0:
        parts.append((BETWEEN, between))
    shares = percents([value for _, value in parts])
    return [(name, value, share) for (name, value), share in zip(parts, shares, strict=True)]


def cycles_sentence(task: Mapping[str, Any]) -> str:
    """Of how many cycles of the backbone which share went into what, how many waited, and the head's."""
    shares = cycle_shares(task)
    if not shares:
        if count(task.get("cycles")):
            return f"{shown(task['cycles'])} cycles; those of the stages were not recorded."
        return "No cycles were counted: this back end has no clock."
    total = int(count(task.get("backbone_cycles")))
    stages = sum(int(count(stage.get("cycles"))) for stage in backbone(task))
    named = listed([f"{share or '< 1'} % into {name}" for name, _, share in shares])
    named = named.replace(" % into", " % went into", 1)
    if total >= stages:
        text = f"Of {shown(total)} cycles of the backbone, {named}."
    else:
        text = f"Of {shown(stages)} cycles that the backbone's stages counted, {named}."
        text += f" They overlap: the backbone took {shown(total)}." if total else ""
    waited = sum(int(count(stage.get("stall_cycles"))) for stage in backbone(task))
    share = 100 * waited / (total if total >= stages else stages)
    text += f" In {shown(waited)} of them ({share:.1f} %) the array waited for a tile."
    head = int(count(task.get("cycles"))) - total
    return text + (f" The head took another {shown(head)}." if total and head > 0 else "")


def stage_groups(stages: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Stages in order, those of one layer together, each with its bar's widths in percent of the longest."""
    longest = max((count(stage.get("cycles")) for stage in stages), default=0) or 1
    groups: list[dict[str, Any]] = []
    for stage in stages:
        layer, cycles = layer_of(stage), count(stage.get("cycles"))
        title = f"Layer {layer}"
        if layer is None:
            after = any(group["title"].startswith("Layer") for group in groups)
            title = "Head" if stage.get("part") == "head" else f"{'After' if after else 'Before'} the layers"
        if not groups or groups[-1]["title"] != title:
            groups.append({"title": title, "cycles": 0, "stages": []})
        waiting = min(count(stage.get("stall_cycles")), cycles)
        groups[-1]["cycles"] += cycles
        groups[-1]["stages"].append(
            {
                "name": re.sub(r"^heads\.[^.]+\.", "", stage_name(stage)),
                "cycles": shown(cycles),
                "working": f"{100 * (cycles - waiting) / longest:.2f}",
                "waiting": f"{100 * waiting / longest:.2f}",
            }
        )
    for group in groups:
        group["cycles"] = shown(group["cycles"])
    return groups
