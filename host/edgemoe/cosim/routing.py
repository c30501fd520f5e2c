# SPDX-License-Identifier: Apache-2.0
"""Which expert took which token, as report.json holds it, from the choices of a run's gates."""

from collections.abc import Mapping
from typing import Any

import numpy.typing as npt

from edgemoe.program import Run


def gates_by_layer(golden: Run) -> dict[int, npt.NDArray[Any]]:
    """The choices of experts of a run of the golden model, by layer; `Run` has them by descriptor, beside those of
    heads."""
    stages = {index: golden.network.stages[index] for index in golden.gates}
    return {
        stage.layer: golden.gates[index]
        for index, stage in stages.items()
        if stage.layer is not None and stage.name.endswith(".moe.gate")
    }


def routing_figures(gates: Mapping[int, npt.NDArray[Any]]) -> list[dict[str, Any]]:
    """One entry a layer, ascending: `layer`, and `experts`, each token's experts in order of choice.

    Args:
        gates: layer -> (tokens, slots, 3) of expert, valid (0 or 1) and score, what GATE made; a slot
            that is not valid was below the threshold and is no choice.
    """
    return [
        {
            "layer": int(layer),
            "experts": [[int(expert) for expert, valid, _ in token if valid] for token in gates[layer]],
        }
        for layer in sorted(gates)
    ]
