# SPDX-License-Identifier: Apache-2.0
"""A checkpoint in shards of float16 is what one in a file is, and every damage is told with its place."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file, save_file

from edgemoe.checkpoint import check_checkpoint_target, read_checkpoint, state_shapes, write_halves
from edgemoe.config import MODELS
from edgemoe.errors import UserError
from edgemoe.golden.random_package import random_state
from edgemoe.model.checkpoint import load_checkpoint, save_checkpoint
from edgemoe.model.m3vit import M3ViT

SMALL = dataclasses.replace(MODELS["nano"], name="small", layers=2)
SHIPPED = Path(__file__).resolve().parents[2] / "models"
MOST = 400_000
FIRST, LAST = "small-00001-of-00002.safetensors", "small-00002-of-00002.safetensors"
STATE = random_state(SMALL, np.random.default_rng(3))
Edit = Callable[[dict[str, Any]], object]


@pytest.fixture
def index(tmp_path: Path) -> Path:
    path = tmp_path / "small.safetensors.index.json"
    write_halves(path, SMALL, STATE, {"steps": 7}, MOST)
    return path


def edited(index: Path, edit: Edit) -> None:
    """Changes the index's JSON in place."""
    data = json.loads(index.read_text())
    edit(data)
    index.write_text(json.dumps(data))


def shard_edited(index: Path, name: str, edit: Edit) -> None:
    """Changes a shard's tensors in place, and its sha256 in the index."""
    path = index.with_name(name)
    tensors = load_file(path)
    edit(tensors)
    save_file(tensors, path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    edited(index, lambda data: data["metadata"]["sha256"].update({name: digest}))


def test_shards_hold_the_halves(index: Path) -> None:
    found = read_checkpoint(index)
    assert found.config == SMALL and found.training == {"steps": 7}
    assert list(state_shapes(SMALL)) != [] and set(found.tensors) == set(state_shapes(SMALL))
    for name, tensor in found.tensors.items():
        assert tensor.dtype == np.float32
        np.testing.assert_array_equal(tensor, STATE[name].astype(np.float16).astype(np.float32))


def test_the_form_is_the_common_one(index: Path) -> None:
    """Plain shards below the limit, every tensor in the map, the sum of their sizes; sha256 of the index for all."""
    data = json.loads(index.read_text())
    shards = {name: load_file(index.with_name(name)) for name in (FIRST, LAST)}
    assert data["weight_map"] == {tensor: name for name, held in shards.items() for tensor in held}
    sizes = [sum(tensor.nbytes for tensor in held.values()) for held in shards.values()]
    assert max(sizes) <= MOST and data["metadata"]["total_size"] == sum(sizes)
    assert all(tensor.dtype == np.float16 for held in shards.values() for tensor in held.values())
    assert read_checkpoint(index).sha256 == hashlib.sha256(index.read_bytes()).hexdigest()
    for name, digest in data["metadata"]["sha256"].items():
        assert hashlib.sha256(index.with_name(name).read_bytes()).hexdigest() == digest


def test_the_same_weights_make_the_same_files(index: Path, tmp_path: Path) -> None:
    again = tmp_path / "again" / index.name
    write_halves(again, SMALL, STATE, {"steps": 7}, MOST)
    for name in (index.name, FIRST, LAST):
        assert index.with_name(name).read_bytes() == again.with_name(name).read_bytes()


def test_one_file_may_hold_halves(tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    texts = {"format": "edgemoe-checkpoint-1", "config": json.dumps(SMALL.to_dict()), "training": "{}"}
    save_file({name: tensor.astype(np.float16) for name, tensor in STATE.items()}, path, texts)
    found = read_checkpoint(path)
    assert found.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    for name, tensor in found.tensors.items():
        assert tensor.dtype == np.float32 and np.array_equal(tensor, STATE[name].astype(np.float16))


def test_a_torch_model_goes_through_shards(tmp_path: Path) -> None:
    torch.manual_seed(1)
    model, path = M3ViT(SMALL), tmp_path / "small.safetensors.index.json"
    save_checkpoint(model, path, {"steps": 1})
    back, training = load_checkpoint(path)
    assert training == {"steps": 1} and back.config == SMALL
    for name, tensor in model.state_dict().items():
        assert torch.equal(back.state_dict()[name], tensor.half().float())


def test_the_shipped_shards_are_small_files() -> None:
    found = read_checkpoint(SHIPPED / "tiny.safetensors.index.json")
    record = json.loads((SHIPPED / "tiny.json").read_text())
    assert found.config == MODELS["tiny"]
    assert found.training == {name: value for name, value in record.items() if name != "history"}
    assert sum(tensor.size for tensor in found.tensors.values()) == record["parameters"]
    sizes = [path.stat().st_size for path in SHIPPED.glob("tiny-*.safetensors")]
    assert len(sizes) == 3 and max(sizes) < 17_000_000


def move(data: dict[str, Any]) -> None:
    data["weight_map"]["cls_token"] = LAST


def truncated(index: Path) -> None:
    path = index.with_name(LAST)
    path.write_bytes(path.read_bytes()[:-1])


def twice(index: Path) -> None:
    shard_edited(index, LAST, lambda tensors: tensors.update(cls_token=np.zeros((1, 1, 64), np.float16)))


def of_another_training(index: Path) -> None:
    """The same names and shapes."""
    other = random_state(SMALL, np.random.default_rng(4))
    write_halves(index.parent / "other" / index.name, SMALL, other, {}, MOST)
    (index.parent / "other" / LAST).replace(index.with_name(LAST))


def shard(name: str, **tensors: np.ndarray | None) -> Callable[[Path], None]:
    """Tensors of a shard replaced (`.` spelt `__`), or removed if None."""

    def edit(held: dict[str, Any]) -> None:
        for key, tensor in tensors.items():
            if tensor is None:
                del held[key.replace("__", ".")]
            else:
                held[key.replace("__", ".")] = tensor

    return lambda index: shard_edited(index, name, edit)


def entry(**changes: Any) -> Callable[[Path], None]:
    """Values of weight_map or metadata changed; `.` spelt `__`."""

    def edit(data: dict[str, Any]) -> None:
        for key, value in changes.items():
            part, name = key.split("__", 1)
            data[part][name.replace("__", ".")] = value

    return lambda index: edited(index, edit)


TOKEN = np.zeros((1, 1, 64), np.float16)
DAMAGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "no index": (lambda index: index.unlink(), "Checkpoint .*json can't be read: No such file"),
    "no JSON": (lambda index: index.write_text("{"), "is not an index of shards: its JSON can't be read"),
    "a list": (lambda index: index.write_text("[]"), "must hold the objects metadata and weight_map"),
    "no map": (
        lambda index: edited(index, lambda data: data.pop("weight_map")),
        "must hold the objects metadata and weight_map",
    ),
    "another format": (entry(metadata__format="pt"), "is not a checkpoint: format 'pt', expected 'edgemoe-"),
    "no config": (entry(metadata__config=None), "the checkpoint's metadata lacks 'config'"),
    "a config of texts": (entry(metadata__config="{}"), "'config' is damaged: it is no JSON object"),
    "a config of another model": (
        lambda index: edited(index, lambda data: data["metadata"]["config"].update(dim=128)),
        rf"{FIRST} does not hold .*: cls_token has shape \(1, 1, 64\), expected \(1, 1, 128\)",
    ),
    "a shard missing": (
        lambda index: index.with_name(LAST).unlink(),
        f"Shard .*{LAST} can't be read: No such file .*small.safetensors.index.json names it",
    ),
    "a shard cut short": (truncated, f"{LAST} is not a safetensors file: its tensors end at byte"),
    "a shard of text": (
        lambda index: index.with_name(FIRST).write_text("weights"),
        f"{FIRST} is not a safetensors file: it is cut short",
    ),
    "a shard of another training": (
        of_another_training,
        rf"Shard .*{LAST} is not the one that .* was written with: its sha256 is \w{{64}}, expected '\w{{64}}'",
    ),
    "a tensor in the wrong shard": (
        lambda index: edited(index, move),
        f"Shard .*{FIRST} holds tensor 'cls_token', expected in {LAST} ",
    ),
    "a tensor twice": (twice, f"{LAST} holds tensor 'cls_token', expected in {FIRST}, which holds it, too"),
    "a tensor that the map lacks": (
        shard(FIRST, stranger=TOKEN),
        f"Shard .*{FIRST} holds tensor 'stranger', which small.safetensors.index.json does not name",
    ),
    "a tensor that the shard lacks": (
        shard(FIRST, cls_token=None),
        f"Shard .*{FIRST} lacks tensor 'cls_token', which small.safetensors.index.json has there",
    ),
    "a tensor that the model lacks": (
        lambda index: (entry(weight_map__stranger=FIRST)(index), shard(FIRST, stranger=TOKEN)(index)),
        "index.json does not hold the tensors that its config asks for: it has no tensor 'stranger'",
    ),
    "a shape": (
        shard(FIRST, cls_token=TOKEN[0]),
        rf"{FIRST} does not hold .*: cls_token has shape \(1, 64\), expected \(1, 1, 64\)",
    ),
    "a dtype": (
        shard(FIRST, cls_token=TOKEN.astype(np.float64)),
        f"{FIRST} does not hold .*: cls_token has dtype float64, expected float32 or float16",
    ),
    "no number": (shard(FIRST, cls_token=TOKEN * np.nan), f"{FIRST}: tensor cls_token holds a number that"),
    "a path upwards": (
        entry(weight_map__cls_token="../small.safetensors"),
        "tensor 'cls_token' in '../small.safetensors', expected the name of a .safetensors file in the same folder",
    ),
    "a path from the root": (entry(weight_map__cls_token="/x.safetensors"), "in '/x.safetensors', expected"),
    "another kind of file": (entry(weight_map__cls_token="pytorch.bin"), "in 'pytorch.bin', expected"),
    "no name": (entry(weight_map__cls_token=[FIRST]), "in \\['small-00001.*'\\], expected"),
    "no sums": (entry(metadata__sha256=None), f"metadata must have 'sha256' .* '{FIRST}', '{LAST}'; it has None"),
    "a sum missing": (entry(metadata__sha256={FIRST: ""}), "metadata must have 'sha256' with one of each"),
    "a sum that is no text": (
        entry(metadata__sha256={FIRST: 1, LAST: 10**999}),
        "expected 1. Copy index and shards together",
    ),
    "a thousand shards": (
        lambda index: edited(
            index, lambda data: data.update(weight_map={f"{i}": f"{i}.safetensors" for i in range(1000)})
        ),
        "names 1000 shards; at most 256 are read",
    ),
}  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_told(damage: str, index: Path) -> None:
    make, said = DAMAGES[damage]
    make(index)
    with pytest.raises(UserError, match=said):
        read_checkpoint(index)


def test_a_value_beyond_halves_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "small.safetensors.index.json"
    with pytest.raises(UserError, match=r"tensor cls_token reaches 7e\+04, and float16 only 65504"):
        write_halves(path, SMALL, STATE | {"cls_token": np.full((1, 1, 64), 7e4)}, {})
    assert not list(tmp_path.iterdir())


def test_only_shards_of_an_index_are_replaced(index: Path) -> None:
    """Those that a smaller set no longer has go; a file that no index lists is the user's."""
    check_checkpoint_target(index)
    write_halves(index, SMALL, STATE, {}, 10**9)
    names = {path.name for path in index.parent.iterdir()}
    assert names == {index.name, "small-00001-of-00001.safetensors"}
    check_checkpoint_target(index)
    mine = index.with_name(LAST)
    mine.write_text("mine")
    with pytest.raises(UserError, match=f"Shard .*{LAST} is not one that small.safetensors.index.json lists"):
        check_checkpoint_target(index)
    mine.unlink()
    edited(index, lambda data: data["metadata"].update(format="pt"))
    with pytest.raises(UserError, match=r"did not make .*is not a checkpoint"):
        check_checkpoint_target(index)
