# SPDX-License-Identifier: Apache-2.0
"""Checkpoints under the names of M³ViT's authors: state dicts, files of ranks, raw files, all gates."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import authors
import numpy as np
import pytest
import torch
from authors import Sizes

from edgemoe.checkpoint import Checkpoint, read_checkpoint
from edgemoe.errors import UserError
from edgemoe.golden.model import forward
from edgemoe.imports import Options, import_checkpoint

SIZES = Sizes()
OPTIONS = Options(heads=3, normalise="imagenet", size=(8, 16), top_k=2, tasks=("semseg", "depth"))
IMAGE = np.random.default_rng(5).integers(0, 256, (8, 16, 3), dtype=np.uint8)


def check(checkpoint: Checkpoint, state: dict[str, torch.Tensor], gate: str) -> None:
    """The imported network gives what the authors' does, for each task."""
    doubles = {name: array.astype(np.float64) for name, array in checkpoint.tensors.items()}
    seen = []
    for number, task in enumerate(checkpoint.config.tasks):
        got = forward(checkpoint.config, doubles, IMAGE, task)["features"]
        expected = authors.features(state, SIZES, gate, IMAGE, number)
        assert np.abs(got - expected).max() < 1e-6 * np.abs(expected).max()
        seen.append(got)
    assert gate == "shared" or np.abs(seen[0] - seen[1]).max() > 1e-3


@pytest.mark.parametrize("gate", ["multi", "noisy", "embedded", "shared"])
@pytest.mark.parametrize("wrapped", [False, True])
def test_state_dict(tmp_path: Path, gate: str, wrapped: bool) -> None:
    state = authors.state_dict(SIZES, gate)
    saved: dict[str, object] = dict(state)
    if wrapped:
        inner = {f"module.backbone.{name}": tensor for name, tensor in state.items()}
        inner["module.decoders.semseg.conv.weight"] = torch.zeros(4, 4, 3, 3)
        inner["module.decoders.semseg.bn.num_batches_tracked"] = torch.tensor(3)
        saved = {
            "epoch": 7,
            "backbone": "VisionTransformer_moe",
            "state_dict": inner,
            "best_result": {"x": 1.5},
        }
    torch.save(saved, tmp_path / "m.pth")
    report = import_checkpoint(tmp_path / "m.pth", tmp_path / "out.safetensors", OPTIONS)
    checkpoint = read_checkpoint(tmp_path / "out.safetensors")
    check(checkpoint, state, gate)
    assert checkpoint.config.score_rule == ("softmax_topk" if gate == "noisy" else "softmax_all")
    assert checkpoint.config.gate == ("biased" if gate == "embedded" else "multi")
    assert checkpoint.config.moe_layers == ()
    unused = report["not_used"]
    assert sum("w_noise" in name for name in unused) == (4 if gate == "noisy" else 0)
    assert sum("decoders" in name for name in unused) == (2 if wrapped else 0)
    assert report["used"] + len(unused) == report["tensors"]
    assert any("module.backbone." in note for note in report["notes"]) is wrapped
    assert checkpoint.training["imported"]["sha256"] == report["sha256"]


def test_ranks(tmp_path: Path) -> None:
    """Experts of two ranks, in files of a folder."""
    sizes = dataclasses.replace(SIZES, experts=6)
    state = authors.state_dict(sizes, "multi")
    parts = [{name: t[:4] if "experts" in name else t for name, t in state.items()},
             {name: t[4:] for name, t in state.items() if "experts" in name}]  # fmt: skip
    for rank, part in enumerate(parts):
        torch.save({"state_dict": part, "epoch": 1}, tmp_path / f"{rank}.pth")
    import_checkpoint(tmp_path, tmp_path / "out" / "m.safetensors", OPTIONS)
    checkpoint = read_checkpoint(tmp_path / "out" / "m.safetensors")
    assert checkpoint.config.experts == 6
    assert np.array_equal(
        checkpoint.tensors["blocks.1.moe.experts.fc1.weight"], state["blocks.1.mlp.experts.htoh4.weight"]
    )
    (tmp_path / "0.pth").rename(tmp_path / "2.pth")
    with pytest.raises(UserError, match=r"ranks \[1, 2\], expected 0.pth"):
        import_checkpoint(tmp_path, tmp_path / "x.safetensors", OPTIONS)


def test_raw_files(tmp_path: Path) -> None:
    state = authors.state_dict(SIZES, "multi")
    authors.write_raw(state, tmp_path / "weights")
    options = dataclasses.replace(OPTIONS, score_rule="softmax_all")
    report = import_checkpoint(tmp_path / "weights", tmp_path / "m.safetensors", options)
    check(read_checkpoint(tmp_path / "m.safetensors"), state, "multi")
    assert set(report["not_used"]) == {"image", "l3_x_post_moe"}


def test_one_task(tmp_path: Path) -> None:
    """A gate that is not told the task, of one task."""
    torch.save(authors.state_dict(SIZES, "shared"), tmp_path / "m.pth")
    options = dataclasses.replace(OPTIONS, tasks=("edge",))
    import_checkpoint(tmp_path / "m.pth", tmp_path / "m.safetensors", options)
    assert read_checkpoint(tmp_path / "m.safetensors").config.tasks == ("edge",)


def test_experts_in_other_layers(tmp_path: Path) -> None:
    """Where experts are is read from the tensors."""
    state = authors.state_dict(SIZES, "multi")
    other = {"0": "1", "1": "0"}
    swapped = {
        re.sub(r"(?<=^blocks\.)[01](?=\.)", lambda found: other[found[0]], name): t
        for name, t in state.items()
    }
    torch.save(swapped, tmp_path / "m.pth")
    import_checkpoint(tmp_path / "m.pth", tmp_path / "m.safetensors", OPTIONS)
    assert read_checkpoint(tmp_path / "m.safetensors").config.moe_layers == (0, 3)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"tasks": ("one",)}, "has gates of 2"),
        ({"tasks": None}, "--tasks A,B"),
        ({"top_k": None}, "--top-k K"),
        ({"top_k": 9}, "top_k 9"),
        ({"heads": None}, "--heads N"),
        ({"normalise": None}, "--normalise imagenet"),
        ({"size": None}, "--size HxW"),
        ({"size": (16, 16)}, "holds 9 positions"),
        ({"normalise": "imagnet"}, "'imagnet': expected imagenet"),
        ({"normalise": "0,0,0/1,1,0"}, "expected imagenet"),
        ({"tasks": ("a b", "c")}, "the name of task"),
    ],
)
def test_what_is_asked(tmp_path: Path, changes: dict[str, object], said: str) -> None:
    torch.save(authors.state_dict(SIZES, "multi"), tmp_path / "m.pth")
    with pytest.raises(UserError) as error:
        import_checkpoint(
            tmp_path / "m.pth", tmp_path / "out.safetensors", dataclasses.replace(OPTIONS, **changes)
        )
    assert said in str(error.value)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["m.pth"]


def test_a_contradiction_is_refused(tmp_path: Path) -> None:
    torch.save(authors.state_dict(SIZES, "noisy"), tmp_path / "m.pth")
    with pytest.raises(UserError, match="softmax_topk"):
        import_checkpoint(
            tmp_path / "m.pth",
            tmp_path / "x.safetensors",
            dataclasses.replace(OPTIONS, score_rule="softmax_all"),
        )
