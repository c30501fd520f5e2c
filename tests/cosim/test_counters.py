# SPDX-License-Identifier: Apache-2.0
"""What the five ideas promise, read off the hardware's counters and the DRAM's access map."""

import dataclasses

import numpy as np
import pytest

from edgemoe.backends import Golden
from edgemoe.config import TASKS, BuildConfig, ModelConfig, model_preset
from edgemoe.cosim.compare import compare
from edgemoe.golden.random_package import random_image, random_package
from edgemoe.program import Workload
from edgemoe.program.figures import expert_figures, task_figures, utilisation
from edgemoe.registers import Opcode

from .conftest import weight_reads


@pytest.fixture
def pixels(small: ModelConfig) -> np.ndarray:
    return random_image(small, np.random.default_rng(4))


def expert_reads(backend, task: str) -> dict[int, np.ndarray]:
    """How often each 16 bytes of each expert's weights were read in the last run (the MoE layer 1)."""
    experts = "blocks.1.moe.experts"
    weights = backend.workload.weights
    size = weights.stride[experts]
    count = backend.workload.package.config.experts
    return {
        expert: weight_reads(backend, weights.offset[experts] + expert * size, size)
        for expert in range(count)
    }


@pytest.mark.parametrize("variant", [{}, {"all_on_one_expert": True, "top_k": 1}, {"threshold": 0.2}])
def test_experts_are_read_once_or_never(rtl, small: ModelConfig, pixels: np.ndarray, variant: dict) -> None:
    """Of a used expert every byte is read exactly once, of an unused one none: seen by the memory itself."""
    package = random_package(small, 5, **variant)
    backend = rtl(package)
    for task in TASKS:
        execution = backend.run(pixels, task)
        used = {entry["expert"]: entry for entry in expert_figures(execution)}
        reads = expert_reads(backend, task)
        assert 0 < len(used) < small.experts
        for expert, counts in reads.items():
            assert np.all(counts == (1 if expert in used else 0)), expert
        assert all(entry["weight_reads"] == 1 for entry in used.values())


def test_only_the_task_s_own_weights_are_read(rtl, small: ModelConfig, pixels: np.ndarray) -> None:
    """Switching the task reads another gate and head, and reloads nothing."""
    package = random_package(small, 6)
    backend = rtl(package)
    weights = backend.workload.weights
    for task in TASKS:
        backend.run(pixels, task)
        for other in TASKS:
            for part in (f"blocks.1.moe.gate.{other}", f"heads.{other}.fc1", f"heads.{other}.fc2"):
                assert weight_reads(backend, weights.offset[part], 64).tolist() == [int(task == other)] * 4, (
                    part
                )


def test_reads_of_attention(rtl, build: BuildConfig, small: ModelConfig, pixels: np.ndarray) -> None:
    """A word of queries a step for as many keys as there are columns, each score written once, each key and each
    value read once.
    """
    tokens, heads = small.tokens, small.heads
    execution = rtl(random_package(small, 7)).run(pixels, "depth", taps=True)
    records = [record for record in execution.records if record.kind == Opcode.ATTENTION]
    assert len(records) == small.layers
    for record in records:
        assert record.x_reads == heads * -(-tokens // build.cols) * tokens
        assert record.mac_steps == record.x_reads + heads * build.banks * -(-tokens // build.rows) * tokens
        assert record.key_reads == heads * sum(n * -(-tokens // n) for n in (build.cols, build.rows))
        assert record.score_writes == heads * tokens * tokens
        assert record.exp_evaluations == record.score_writes * build.banks


@pytest.mark.parametrize("top_heads", [1, 3])
def test_heads_that_tokens_don_t_choose_cost_nothing(
    rtl, build: BuildConfig, small: ModelConfig, pixels: np.ndarray, top_heads: int
) -> None:
    """Scores, exponentials and reads of queries are those of the chosen heads; keys are read for all tokens."""
    config = dataclasses.replace(small, heads=4, top_heads=top_heads)
    package, tokens = random_package(config, 7), config.tokens
    golden = Golden(Workload(package, build)).run(pixels, "depth", taps=True)
    execution = rtl(package).run(pixels, "depth", taps=True)
    assert compare(golden, execution).mismatches == 0
    for record in [record for record in execution.records if record.kind == Opcode.ATTENTION]:
        assert record.tokens == tokens
        assert record.score_writes == top_heads * tokens * tokens
        assert record.exp_evaluations == record.score_writes * build.banks
        assert record.x_reads == top_heads * -(-tokens // build.cols) * tokens
        one = sum(n * -(-tokens // n) for n in (build.cols, build.rows))
        assert top_heads * one <= record.key_reads <= config.heads * one


@pytest.mark.slow
def test_utilisation_of_nano(rtl, build: BuildConfig) -> None:
    """At least 40 % of the multipliers' peak in the linear stages; cycles cover the whole run."""
    config = model_preset("nano")
    package = random_package(config, 1)
    pixels = random_image(config, np.random.default_rng(0))
    execution = rtl(package).run(pixels, "segmentation")
    assert compare(Golden(Workload(package, build)).run(pixels, "segmentation"), execution).mismatches == 0
    figures = task_figures(execution)
    shares = utilisation(build, {"segmentation": figures})
    print(shares)
    assert shares["linear_mac_utilisation"] >= 0.4
    assert sum(stage["cycles"] for stage in figures["stages"]) <= figures["cycles"]
    assert figures["backbone_cycles"] < figures["cycles"]


def test_dram_saw_what_the_counters_say(rtl, small: ModelConfig, pixels: np.ndarray) -> None:
    """Beats counted inside the accelerator against bytes counted at its ports."""
    backend = rtl(random_package(small, 8))
    execution = backend.run(pixels, "segmentation", taps=True)
    reads = sum(record.read_beats for record in execution.records)
    writes = sum(record.write_beats for record in execution.records)
    # The program is read whole when it is checked, and all but its header again when it runs.
    program = 2 * len(execution.program.data) // 16 - 4
    assert execution.traffic.read_bytes // 16 == reads + program
    assert execution.traffic.write_bytes // 16 == writes + 4 * len(execution.records)
