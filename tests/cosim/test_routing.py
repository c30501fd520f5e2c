# SPDX-License-Identifier: Apache-2.0
"""Which expert took which token: what the golden gates chose is what its statistics count."""

import numpy as np

from edgemoe.backends import Golden
from edgemoe.config import BuildConfig, ModelConfig
from edgemoe.cosim.routing import gates_by_layer, routing_figures
from edgemoe.golden.random_package import random_package
from edgemoe.program import Workload
from edgemoe.program.figures import task_figures
from edgemoe.report.routing import agreement, chosen, counted


def test_choices_and_counts_agree(small: ModelConfig, build: BuildConfig) -> None:
    golden = Golden(Workload(random_package(small, 20), build))
    pixels = np.random.default_rng(1).integers(0, 256, (small.height, small.width, 3), dtype=np.uint8)
    run = golden.run(pixels, "depth")
    figures = {**task_figures(run), "routing": routing_figures(gates_by_layer(run))}
    layers = {entry["layer"] for entry in figures["experts"]}
    assert [entry["layer"] for entry in figures["routing"]] == sorted(layers) != []
    for entry in figures["routing"]:
        assert len(entry["experts"]) == small.tokens
        assert chosen(entry) == counted(figures["experts"], entry["layer"])
    agrees, text = agreement(figures)
    assert agrees and "equal theirs" in text
