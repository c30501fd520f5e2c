# SPDX-License-Identifier: Apache-2.0
"""The facts and tensors of layers with experts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from edgemoe.errors import UserError, shown
from edgemoe.imports.facts import Facts
from edgemoe.imports.folds import task_embeddings
from edgemoe.imports.geometry import Geometry
from edgemoe.imports.named import Float, Named

NOISY = ".w_noise"
"""Ends the name of a tensor that only the gate with learned noise has, whose scores are softmax over its top k."""


@dataclass(frozen=True)
class Gates:
    """How the gates of a checkpoint tell tasks apart. count: tasks by the tensors; 0 where they don't say."""

    count: int
    embedded: bool


def gates(tensors: Named, geometry: Geometry) -> Gates:
    """Which kind of gate it is, by the first layer with experts."""
    block = f"blocks.{geometry.moe_layers[0]}.gate"
    if "task.fc1.weight" in tensors:
        return Gates(tensors.shape("task.fc1.weight", 2)[1], True)
    own = [name for name in tensors.arrays if name.startswith(f"{block}.")]
    return Gates(len(own), False)


def ask_experts(facts: Facts, found: Gates, origins: list[str], derived: bool) -> dict[str, Any]:
    """top_k, score_rule, threshold, tasks; derived: whether the authors' code fixes what is not said."""
    options = facts.options
    noisy = any(name.endswith(NOISY) for name in origins)
    rule = "softmax_topk" if noisy else "softmax_all"
    why = f"as the gate of the authors' code has it that saves {'w_noise' if noisy else 'no w_noise'}"
    if noisy and options.score_rule == "softmax_all":
        raise UserError(
            f"--score-rule softmax_all: {facts.path} has gates with learned noise ({NOISY[1:]}), whose scores are a "
            "softmax over the chosen experts, softmax_topk."
        )
    usual = "usual: semseg,depth" if found.count in (0, 2) else f"{found.count} names"
    made = {
        "top_k": facts.get("top_k", "--top-k K", "usual: 2 or 4", options.top_k),
        "score_rule": facts.get(
            "score_rule", "--score-rule softmax_all|softmax_topk", "usual: softmax_all", options.score_rule,
            (rule, why) if derived else None,
        ),
        "threshold": options.threshold or 0.0,
        "tasks": facts.get("tasks", "--tasks A,B, in the order of the gates", usual, options.tasks),
    }  # fmt: skip
    if made["tasks"] is not None and found.count and len(made["tasks"]) != found.count:
        raise UserError(
            f"--tasks names {len(made['tasks'])} tasks, {shown(','.join(made['tasks']))}; {facts.path} has gates of "
            f"{found.count}. Name each, in the order of the gates."
        )
    return made


def expert_state(
    tensors: Named, geometry: Geometry, found: Gates, tasks: tuple[str, ...], eps: float
) -> dict[str, Float]:
    """The state of all layers with experts; a gate that is told the task becomes one with a bias for each task."""
    D, E, H = geometry.dim, geometry.experts, geometry.expert_hidden
    embeddings = task_embeddings(tensors, eps) if found.embedded else None
    state = {}
    for n in geometry.moe_layers:
        ours, theirs = f"blocks.{n}.moe", f"blocks.{n}"
        state[f"{ours}.experts.fc1.weight"] = tensors.take(f"{theirs}.experts.fc1.weight", E, H, D)
        state[f"{ours}.experts.fc1.bias"] = tensors.take(f"{theirs}.experts.fc1.bias", E, H)
        state[f"{ours}.experts.fc2.weight"] = tensors.take(f"{theirs}.experts.fc2.weight", E, D, H)
        state[f"{ours}.experts.fc2.bias"] = tensors.take(f"{theirs}.experts.fc2.bias", E, D)
        for t, task in enumerate(tasks):
            gate = f"{ours}.gate.{task}"
            if embeddings is not None:
                whole = tensors.take(f"{theirs}.gate", D + embeddings.shape[1], E)
                state[f"{gate}.weight"] = np.ascontiguousarray(whole[:D].T)
                state[f"{gate}.bias"] = embeddings[t] @ whole[D:]
            else:
                name = f"{theirs}.gate.{t}" if found.count else f"{theirs}.gate"
                state[f"{gate}.weight"] = np.ascontiguousarray(tensors.take(name, D, E).T)
    return state
