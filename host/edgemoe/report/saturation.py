# SPDX-License-Identifier: Apache-2.0
"""Which stages clipped values, worst first: results of a run that did are worth less than the formats promise."""

from collections.abc import Mapping
from typing import Any

from edgemoe.report.cycles import stage_label
from edgemoe.report.words import count, listed, plural, printable, tasks_of

NAMED = 3
"""Stages that the sentence names."""


def saturation_sentence(report: Mapping[str, Any]) -> str:
    """How many values were clipped, and where most; empty if none was."""
    found = [
        (int(count(stage.get("saturated"))), printable(task), stage_label(stage))
        for task, figures in tasks_of(report).items()
        for stage in figures.get("stages") or []
        if count(stage.get("saturated"))
    ]
    if not found:
        return ""
    found.sort(key=lambda entry: -entry[0])
    places = [f"{task}, {stage} ({lanes})" for lanes, task, stage in found[:NAMED]]
    if len(found) > NAMED:
        places.append(plural(len(found) - NAMED, "other stage"))
    lanes = sum(lanes for lanes, _, _ in found)
    return (
        f"{plural(lanes, 'value')} {'was' if lanes == 1 else 'were'} clipped, most in {listed(places)}: calibrate the "
        "package with images like this one."
    )
