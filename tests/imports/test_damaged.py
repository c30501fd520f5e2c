# SPDX-License-Identifier: Apache-2.0
"""Damaged checkpoints of every kind: refused with the tensor and what was expected, and nothing is left behind."""

from __future__ import annotations

import json
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path

import authors
import numpy as np
import onnx
import pytest
import torch
from authors import Sizes
from safetensors.numpy import load_file, save_file

from edgemoe.errors import UserError
from edgemoe.imports import Options, import_checkpoint

FIXTURES = Path(__file__).parent / "fixtures"
PLAIN = FIXTURES / "timm-deit-distilled"
TENSORS = load_file(PLAIN / "model.safetensors")
GRAPH = PLAIN / "dynamo.onnx"
SIZES = Sizes(layers=2)
STATE = authors.state_dict(SIZES, "embedded")
MULTI = authors.state_dict(SIZES, "multi")
AUTHORS = Options(
    heads=3, normalise="imagenet", size=(8, 16), top_k=2, tasks=("semseg", "depth"), score_rule="softmax_all"
)
ONNX = Options(heads=3, normalise="imagenet", resize="stretch", pool="distilled")
PARTS = [
    "attn.qkv.weight",
    "attn.qkv.bias",
    "mlp.experts.htoh4.weight",
    "mlp.experts.h4toh.bias",
    "mlp.gate.w_gate",
]


def refused(path: Path, tmp_path: Path, options: Options, *said: str) -> str:
    """The message of a refusal, which has each of `said`; nothing was written."""
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(UserError) as error:
        import_checkpoint(path, tmp_path / "out.safetensors", options)
    message = str(error.value)
    assert all(part in message for part in said), message
    assert len(message) < 1200 and "Traceback" not in message and "weights_only" not in message
    assert sorted(tmp_path.rglob("*")) == before
    return message


def nan(array: np.ndarray) -> np.ndarray:
    changed = array.copy()
    changed.reshape(-1)[changed.size // 2] = np.nan
    return changed


def infinite(array: np.ndarray) -> np.ndarray:
    changed = array.copy()
    changed.reshape(-1)[0] = -np.inf
    return changed


def longer(array: np.ndarray) -> np.ndarray:
    return np.concatenate([array, array[:1]])


def flat(array: np.ndarray) -> np.ndarray:
    return array.reshape(-1, 1)


def whole(array: np.ndarray) -> np.ndarray:
    return array.astype(np.int32)


def empty(array: np.ndarray) -> np.ndarray:
    return array[:0]


def plain(folder: Path, tensors: dict[str, np.ndarray]) -> Path:
    """A checkpoint of timm's with its config.json."""
    folder.mkdir()
    save_file(
        {name: np.ascontiguousarray(array) for name, array in tensors.items()}, folder / "model.safetensors"
    )
    shutil.copy(PLAIN / "config.json", folder)
    return folder / "model.safetensors"


@pytest.mark.parametrize("name", TENSORS)
def test_missing(name: str, tmp_path: Path) -> None:
    path = plain(tmp_path / "m", {other: array for other, array in TENSORS.items() if other != name})
    refused(path, tmp_path, Options())


@pytest.mark.parametrize("name", TENSORS)
def test_renamed(name: str, tmp_path: Path) -> None:
    path = plain(tmp_path / "m", {other + "_" * (other == name): array for other, array in TENSORS.items()})
    refused(path, tmp_path, Options(), name)


@pytest.mark.parametrize("name", TENSORS)
@pytest.mark.parametrize("damage", [nan, infinite, longer, flat, whole, empty])
def test_changed(name: str, damage: Callable[[np.ndarray], np.ndarray], tmp_path: Path) -> None:
    changed = damage(TENSORS[name])
    if changed.shape == TENSORS[name].shape and changed.dtype == TENSORS[name].dtype:
        assert not np.isfinite(changed).all()
    path = plain(tmp_path / "m", TENSORS | {name: changed})
    refused(path, tmp_path, Options(), "tensor")


@pytest.mark.parametrize(
    "name", [name for name in TENSORS if TENSORS[name].ndim == 2 and len(set(TENSORS[name].shape)) == 2]
)
def test_turned(name: str, tmp_path: Path) -> None:
    refused(
        plain(tmp_path / "m", TENSORS | {name: TENSORS[name].T}), tmp_path, Options(), "shape", "expected"
    )


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("norm_pre.weight", "a norm before the first layer"),
        ("fc_norm.weight", "averages the patches and normalises after that"),
        ("blocks.0.attn.q_norm.weight", "norms of queries and keys"),
        ("blocks.1.attn.rel_pos.mlp.0.weight", "relative positions"),
        ("blocks.0.mlp.w12.weight", "SwiGLU"),
        ("blocks.0.attns.0.qkv.weight", "parallel layers"),
        ("blocks.0.1.norm1.weight", "layers in groups"),
        ("attn_pool.latent", "attention as a pool"),
        ("pre_logits.fc.weight", "between norm and head"),
        ("pos_embed.rope", "rotary"),
        ("blocks.0.attn.q_bias", "BEiT"),
        ("patch_embed.norm.weight", "after the patch embedding"),
        ("blocks.00.norm1.weight", "not understood"),
        ("blocks.4.norm1.weight", "layer 2 is missing"),
        ("blocks.99999.norm1.weight", "1 to 1024 are supported"),
        ("blocks.0.ls1.gamma", "ls1.gamma' has shape"),
        ("reg_token", "reg_token' has shape"),
        ("something", "not understood"),
        ("other.patch_embed.proj.weight", "several networks"),
    ],
)
def test_more_than_a_plain_network(name: str, why: str, tmp_path: Path) -> None:
    path = plain(tmp_path / "m", TENSORS | {name: np.ones(3, np.float32)})
    refused(path, tmp_path, Options(), why)


@pytest.mark.parametrize("name", [name for name in STATE if name.startswith(("gate_", "blocks.1"))])
@pytest.mark.parametrize("damage", ["missing", "nan", "longer"])
def test_experts(name: str, damage: str, tmp_path: Path) -> None:
    state = dict(STATE)
    if damage == "missing":
        del state[name]
    else:
        changed = state[name].clone()
        changed.view(-1)[1] = float("nan")
        state[name] = changed if damage == "nan" else torch.cat([state[name], state[name][:1]])
    torch.save(state, tmp_path / "m.pth")
    refused(tmp_path / "m.pth", tmp_path, AUTHORS)


def pickled(path: Path, marker: Path) -> None:
    """A pickle that would make a file."""

    class Evil:
        def __reduce__(self) -> tuple[object, tuple[object, ...]]:
            return (eval, (f"open({str(marker)!r}, 'w')",))

    torch.save({"state_dict": dict(STATE), "more": Evil()}, path)


@pytest.mark.parametrize("plainly", [False, True])
def test_code_is_not_executed(plainly: bool, tmp_path: Path) -> None:
    path, marker = tmp_path / "m.pth", tmp_path / "executed"
    pickled(path, marker)
    if plainly:

        class Evil:
            def __reduce__(self) -> tuple[object, tuple[object, ...]]:
                return (eval, (f"open({str(marker)!r}, 'w')",))

        path.write_bytes(pickle.dumps(Evil(), protocol=2))
    refused(
        path,
        tmp_path,
        AUTHORS,
        "nothing of it was executed: it names ",
        "eval, which is no tensor",
        "state_dict()",
    )
    assert not marker.exists()


def test_a_whole_module_is_refused(tmp_path: Path) -> None:
    torch.save(torch.nn.Linear(2, 2), tmp_path / "m.pth")
    refused(
        tmp_path / "m.pth", tmp_path, AUTHORS, "it names torch.nn.modules.linear.Linear, which is no tensor"
    )


@pytest.mark.parametrize("share", [0.0, 0.01, 0.1, 0.3, 0.5, 0.9, 0.999])
@pytest.mark.parametrize("kind", ["safetensors", "pth", "old", "onnx"])
def test_cut_short(kind: str, share: float, tmp_path: Path) -> None:
    whole_file = tmp_path / f"whole.{kind}"
    if kind in ("pth", "old"):
        torch.save(STATE, whole_file, _use_new_zipfile_serialization=kind == "pth")
    else:
        shutil.copy(PLAIN / "model.safetensors" if kind == "safetensors" else GRAPH, whole_file)
    data = whole_file.read_bytes()
    path = tmp_path / ("m.pth" if kind == "old" else f"m.{kind}")
    path.write_bytes(data[: int(len(data) * share)])
    refused(path, tmp_path, {"onnx": ONNX}.get(kind, AUTHORS), str(path))


@pytest.mark.parametrize(
    ("saved", "said"),
    [
        ([1, 2], "holds list"),
        ({}, "it has none"),
        ({"model": {"a": 1}}, "it has none"),
        ({"model": dict(STATE), "model_ema": dict(STATE)}, "--entry NAME"),
        ({"model": dict(STATE), "optimizer": {}, "x": dict(STATE)}, ""),
        (STATE | {"step": 3}, "'step' of the state dict is int"),
        ({"state_dict": {name.replace("patch_embed", "embed"): t for name, t in STATE.items()}}, "no family"),
        ({f"student.{name}": t for name, t in STATE.items()}, "'student' is none of"),
        (STATE | {"cls_token": torch.ones(1, 1, 24).to_sparse()}, "sparse"),
        (STATE | {"cls_token": torch.ones(1, 1, 24, dtype=torch.complex64)}, "complex"),
        (STATE | {"cls_token": torch.ones(1, 1, 24).to(torch.float8_e4m3fn)}, "float8_e4m3fn"),
    ],
)  # fmt: skip
def test_other_contents(saved: object, said: str, tmp_path: Path) -> None:
    torch.save(saved, tmp_path / "m.pth")
    if said:
        refused(tmp_path / "m.pth", tmp_path, AUTHORS, said)
    else:
        report = import_checkpoint(tmp_path / "m.pth", tmp_path / "out.safetensors", AUTHORS)
        assert "the entry 'model'; not used: 'optimizer', 'x'" in report["notes"][0]


RAW = ["patch_embed_weight", "pos_embed", "l0_norm1_weight", "l1_qkv_weight", "l1_htoh4_weight", "l1_h4toh_bias",
       "l0_fc2_weight", "l1_w_gate_T_task1", "l0_attn_proj_bias"]  # fmt: skip


@pytest.mark.parametrize("name", RAW)
@pytest.mark.parametrize("damage", ["missing", "cut", "odd", "nan", "empty"])
def test_raw_files(name: str, damage: str, tmp_path: Path) -> None:
    authors.write_raw(MULTI, tmp_path / "raw")
    path = tmp_path / "raw" / f"{name}.float32.bin"
    data = path.read_bytes()
    changed = {"cut": data[:-8], "odd": data[:-3], "nan": b"\xff" * 4 + data[4:], "empty": b""}.get(damage)
    path.unlink() if changed is None else path.write_bytes(changed)
    refused(tmp_path / "raw", tmp_path, AUTHORS)


def graph_with(change: Callable[[onnx.ModelProto], None], path: Path) -> None:
    model = onnx.load(GRAPH)
    change(model)
    path.write_bytes(model.SerializeToString())


def initialiser(model: onnx.ModelProto, name: str) -> onnx.TensorProto:
    return next(tensor for tensor in model.graph.initializer if tensor.name == name)


def nameless(model: onnx.ModelProto) -> None:
    for node in model.graph.node:
        node.ClearField("metadata_props")


def elsewhere(model: onnx.ModelProto) -> None:
    tensor = initialiser(model, "pos_embed")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="/etc/passwd")


def cut(model: onnx.ModelProto) -> None:
    initialiser(model, "pos_embed").raw_data = b"\0" * 12


def not_a_number(model: onnx.ModelProto) -> None:
    tensor = initialiser(model, "norm.bias")
    tensor.raw_data = b"\xff" * len(tensor.raw_data)


def no_weights(model: onnx.ModelProto) -> None:
    model.graph.ClearField("initializer")


def other_name(model: onnx.ModelProto) -> None:
    initialiser(model, "norm.bias").name = "odd.bias"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (nameless, "does not say of which layer"),
        (elsewhere, "lies in another file"),
        (cut, "'pos_embed' is damaged"),
        (not_a_number, "'norm.bias' holds a number that is not finite"),
        (no_weights, "no nodes or no tensors"),
        (other_name, "'odd.bias' is not understood"),
    ],
)
def test_graphs(change: Callable[[onnx.ModelProto], None], said: str, tmp_path: Path) -> None:
    graph_with(change, tmp_path / "m.onnx")
    refused(tmp_path / "m.onnx", tmp_path, ONNX, said)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"architecture": "vit_base_patch16_clip_224"}, "known to compute"),
        ({"architecture": "swin_tiny"}, "known to compute"),
        ({"architecture": "vit_tiny_patch16_rpn_224"}, "known to compute"),
        ({"model_args": {"qk_norm": True}}, "qk_norm"),
        ({"model_args": {"embed_dim": 32}}, "embed_dim is 32"),
        ({"model_args": {"embed_dim": 24, "depth": 12}}, "depth is 12"),
        ({"model_args": {}}, "its width is 192"),
        ({"model_args": {"embed_dim": 24, "num_heads": 0}}, "num_heads is 0"),
        ({"model_args": {"embed_dim": 24, "num_heads": 5, "patch_size": 4, "img_size": 12}}, "heads 5"),
        ({"pretrained_cfg": {"mean": [1, 2], "std": [1, 1, 1]}}, "expected three of each"),
        ({"pretrained_cfg": {"mean": [0, 0, 0], "std": [1, 0, 1]}}, "expected three of each"),
        ({"pretrained_cfg": {"crop_pct": 7}}, "crop_pct is 7"),
        ({"pretrained_cfg": [1]}, "expected a JSON object"),
        ({"model_type": "swin"}, "model_type is 'swin'"),
        ({"model_type": "vit", "hidden_size": 768}, "hidden_size is 768"),
        ({"model_type": "vit", "hidden_act": "gelu_new"}, "hidden_act is 'gelu_new'"),
        ({"model_type": "dinov2", "use_swiglu_ffn": True}, "gated MLP"),
        ({"model_type": "vit", "layer_norm_eps": "1e-6"}, "layer_norm_eps is '1e-6'"),
        ({"model_type": "vit", "num_attention_heads": 2.5}, "num_attention_heads is 2.5"),
    ],
)
def test_configs(change: dict[str, object], said: str, tmp_path: Path) -> None:
    path = plain(tmp_path / "m", TENSORS)
    config = json.loads((PLAIN / "config.json").read_text()) | change
    (path.parent / "config.json").write_text(json.dumps(config))
    refused(path, tmp_path, Options(), said)


def test_a_folder_of_nothing(tmp_path: Path) -> None:
    refused(tmp_path, tmp_path, Options(), "neither raw files")


def test_an_unknown_kind(tmp_path: Path) -> None:
    (tmp_path / "m.npz").write_bytes(b"PK")
    refused(tmp_path / "m.npz", tmp_path, Options(), "of no kind that is read")
    refused(tmp_path / "none.safetensors", tmp_path, Options(), "does not exist")


def test_what_is_there_is_kept(tmp_path: Path) -> None:
    """A file that is none of ours is not replaced, and a refusal leaves an earlier checkpoint as it was."""
    out = tmp_path / "out.safetensors"
    out.write_text("mine")
    with pytest.raises(UserError, match="did not make"):
        import_checkpoint(PLAIN / "model.safetensors", out, Options())
    assert out.read_text() == "mine"
    out.unlink()
    import_checkpoint(PLAIN / "model.safetensors", out, Options())
    kept = out.read_bytes()
    with pytest.raises(UserError):
        import_checkpoint(plain(tmp_path / "m", TENSORS | {"odd": np.ones(3)}), out, Options())
    assert out.read_bytes() == kept
