# SPDX-License-Identifier: Apache-2.0
"""What options say: none does nothing, none is taken for another; wrapped checkpoints of DINO's training."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file, save_file

from edgemoe.checkpoint import read_checkpoint
from edgemoe.errors import UserError
from edgemoe.imports import Options, import_checkpoint

FIXTURES = Path(__file__).parent / "fixtures"
VIT = FIXTURES / "timm-vit" / "model.safetensors"
DISTILLED = FIXTURES / "timm-deit-distilled" / "model.safetensors"
HUGGING_FACE = FIXTURES / "hf-vit" / "model.safetensors"
DINO = FIXTURES / "timm-dinov2" / "model.safetensors"
KNOWN = Options(heads=3, eps=1e-6, activation="gelu", normalise="imagenet", size=(42, 42), resize="stretch")


@pytest.mark.parametrize(
    ("path", "options", "said"),
    [
        (VIT, {"top_k": 2}, "--top-k is for a network with experts"),
        (VIT, {"threshold": 0.1}, "--threshold is for a network with experts"),
        (VIT, {"tasks": ("a",)}, "--tasks is for a network without a head"),
        (DINO, {"pool": "class"}, "--pool is for a network with a head"),
        (DINO, {"class_names": Path("x")}, "--class-names is for a network with a head"),
        (VIT, {"head": "none", "pool": "class"}, "--pool is for a network with a head"),
        (VIT, {"entry": "model"}, "--entry is for a file of PyTorch"),
        (VIT, {"resize": "crop"}, "needs --resize-short"),
        (VIT, {"resize": "stretch", "resize_short": 40}, "--resize-short is for --resize crop"),
        (VIT, {"resize": "crop", "resize_short": 8}, "resize_short 8 must be at least"),
        (VIT, {"heads": 5}, "not a multiple of heads 5"),
        (VIT, {"class_names": FIXTURES / "timm-vit" / "config.json"}, "One name a class"),
        (VIT, {"ignore": ("norm.*",)}, "norm.weight is missing"),
        (VIT, {"model_config": FIXTURES / "none.json"}, "does not exist"),
        (DISTILLED, {"pool": "class"}, "two heads"),
        (DINO, {"head": "classes"}, "head.weight is missing"),
        (VIT, {"name": "a\nb"}, "printable"),
    ],
)
def test_refused(path: Path, options: dict[str, Any], said: str, tmp_path: Path) -> None:
    with pytest.raises(UserError) as error:
        import_checkpoint(path, tmp_path / "x.safetensors", Options(**options))
    assert said in str(error.value)
    assert not list(tmp_path.iterdir())


def test_features_alone(tmp_path: Path) -> None:
    """--head none: the head's tensors are listed, and so are the norm's."""
    report = import_checkpoint(VIT, tmp_path / "x.safetensors", Options(head="none", tasks=("patches",)))
    assert set(report["not_used"]) == {"head.weight", "head.bias", "norm.weight", "norm.bias"}
    config = read_checkpoint(tmp_path / "x.safetensors").config
    assert (config.head, config.tasks, config.classes) == ("none", ("patches",), ())


def test_an_option_beats_config_json(tmp_path: Path) -> None:
    options = Options(eps=1e-5, name="mine", resize="stretch", normalise="none")
    report = import_checkpoint(VIT, tmp_path / "x.safetensors", options)
    config = read_checkpoint(tmp_path / "x.safetensors").config
    assert (config.eps, config.name, config.resize) == (1e-5, "mine", "stretch")
    assert report["facts"]["eps"] == "1e-05, given as --eps"


def test_names_of_classes(tmp_path: Path) -> None:
    """From a file; a name that is there twice, is empty or too long gets its number or is cut, and that is told."""
    names = tmp_path / "names.txt"
    names.write_text("crane\ndog\ncrane\n\n" + "long name, " * 20 + "\nf\ng\n")
    report = import_checkpoint(DISTILLED, tmp_path / "x.safetensors", Options(class_names=names))
    classes = read_checkpoint(tmp_path / "x.safetensors").config.classes
    assert classes[:4] == ("crane", "dog", "crane (2)", "(3)") and len(classes[4]) <= 100
    assert sum(note.startswith("Class ") for note in report["notes"]) == 3


def test_dino_s_training_file(tmp_path: Path) -> None:
    """Teacher and student, a backbone and a projection each."""
    state = {name: torch.from_numpy(array) for name, array in load_file(DINO).items()}
    saved = {f"backbone.{name}": tensor for name, tensor in state.items()}
    saved |= {"head.mlp.0.weight": torch.zeros(3, 3), "head.last_layer.weight_g": torch.zeros(3, 1)}
    torch.save({"teacher": saved, "student": saved, "epoch": 3}, tmp_path / "m.pth")
    with pytest.raises(UserError, match="--entry NAME"):
        import_checkpoint(tmp_path / "m.pth", tmp_path / "x.safetensors", KNOWN)
    options = dataclasses.replace(KNOWN, entry="teacher")
    report = import_checkpoint(tmp_path / "m.pth", tmp_path / "x.safetensors", options)
    assert {"head.mlp.0.weight", "head.last_layer.weight_g"} < set(report["not_used"])
    assert "'student', 'epoch'" in report["notes"][0] and "'backbone.'" in report["notes"][1]


def test_bfloat16(tmp_path: Path) -> None:
    """Both kinds of file widen it to the same numbers."""
    from safetensors.torch import save_file

    state = {name: torch.from_numpy(array).to(torch.bfloat16) for name, array in load_file(DINO).items()}
    torch.save(state, tmp_path / "m.pth")
    save_file(state, tmp_path / "m.safetensors")
    made = []
    for kind in ("pth", "safetensors"):
        import_checkpoint(tmp_path / f"m.{kind}", tmp_path / f"{kind}.safetensors", KNOWN)
        made.append(read_checkpoint(tmp_path / f"{kind}.safetensors").tensors)
    assert all(np.array_equal(made[0][name], made[1][name]) for name in made[0])
    expected = state["blocks.1.attn.qkv.weight"].float().numpy()
    assert np.array_equal(made[0]["blocks.1.attn.qkv.weight"], expected)


def test_a_pool_that_config_json_does_not_say_is_asked_for(tmp_path: Path) -> None:
    shutil.copytree(VIT.parent, tmp_path / "m")
    config = json.loads((tmp_path / "m" / "config.json").read_text())
    del config["global_pool"]
    (tmp_path / "m" / "config.json").write_text(json.dumps(config))
    with pytest.raises(UserError, match=r"--pool class\|mean"):
        import_checkpoint(tmp_path / "m" / "model.safetensors", tmp_path / "x.safetensors", Options())


@pytest.mark.parametrize(
    ("path", "missing"), [(VIT, "attn.qkv.bias"), (HUGGING_FACE, "attention.query.bias")]
)
def test_biases_that_config_json_promises(path: Path, missing: str, tmp_path: Path) -> None:
    """Without any bias of queries, keys and values a network is whole, unless config.json says otherwise."""
    shutil.copytree(path.parent, tmp_path / "m")
    left = {name: array for name, array in load_file(path).items()
            if not name.endswith(("qkv.bias", "query.bias", "key.bias", "value.bias"))}  # fmt: skip
    save_file(left, tmp_path / "m" / "model.safetensors")
    with pytest.raises(UserError, match=f"{missing} is missing"):
        import_checkpoint(tmp_path / "m" / "model.safetensors", tmp_path / "x.safetensors", Options())


def test_names_in_memory(tmp_path: Path) -> None:
    """Hugging Face's state dict names some tensors otherwise than its files do."""
    names = {
        "encoder.layer.": "layers.", "attention.attention.query": "attention.q_proj", "attention.output.dense":
        "attention.o_proj", "attention.attention.key": "attention.k_proj", "attention.attention.value":
        "attention.v_proj", "intermediate.dense": "mlp.fc1", ".output.dense": ".mlp.fc2",
    }  # fmt: skip
    state = {}
    for name, array in load_file(HUGGING_FACE).items():
        for old, new in names.items():
            name = name.replace(old, new)
        state[name] = torch.from_numpy(array)
    torch.save(state, tmp_path / "m.bin")
    shutil.copy(HUGGING_FACE.with_name("config.json"), tmp_path)
    shutil.copy(HUGGING_FACE.with_name("preprocessor_config.json"), tmp_path)
    made = []
    for path in (HUGGING_FACE, tmp_path / "m.bin"):
        import_checkpoint(path, tmp_path / "x.safetensors", Options())
        made.append(read_checkpoint(tmp_path / "x.safetensors").tensors)
    assert all(np.array_equal(made[0][name], made[1][name]) for name in made[0])


def test_edgemoe_s_own(tmp_path: Path) -> None:
    import_checkpoint(VIT, tmp_path / "x.safetensors", Options())
    with pytest.raises(UserError, match="of edgemoe already"):
        import_checkpoint(tmp_path / "x.safetensors", tmp_path / "y.safetensors", Options())
