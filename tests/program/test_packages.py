# SPDX-License-Identifier: Apache-2.0
"""The package file: what is written is read, and what is damaged is refused with its name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from edgemoe import package as packages
from edgemoe.config import MODELS, ModelConfig
from edgemoe.errors import UserError
from edgemoe.export import export_package, scale_names
from edgemoe.golden.random_package import random_package, random_state
from edgemoe.rounding import quantise_linear, quantise_norm

NANO = MODELS["nano"]


@pytest.fixture(scope="module")
def package() -> packages.Package:
    return random_package(NANO, 1, threshold=0.25, layers=2, weight_bits=lambda n: 16 if "attn" in n else 8)


def test_what_is_saved_is_loaded(package: packages.Package, tmp_path: Path) -> None:
    path = tmp_path / "deep" / "model.safetensors"
    digest = packages.save(package, path)
    loaded = packages.load(path)
    assert loaded.sha256 == digest and loaded.config == package.config
    assert loaded.provenance == {"random": True, "seed": 1}
    assert set(loaded.tensors) == set(package.tensors)
    for name, tensor in package.tensors.items():
        assert loaded.tensors[name].dtype == tensor.dtype and (loaded.tensors[name] == tensor).all(), name
    assert [p.name for p in path.parent.iterdir()] == ["model.safetensors"]
    assert packages.save(loaded, path) == digest


def test_a_failed_save_leaves_the_old_file(package: packages.Package, tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    packages.save(package, path)
    before = path.read_bytes()
    broken = packages.Package(package.config, {k: v for k, v in package.tensors.items() if k != "pos_embed"})
    with pytest.raises(UserError, match="tensor 'pos_embed' is missing"):
        packages.save(broken, path)
    assert path.read_bytes() == before


def rewritten(package: packages.Package, path: Path, **changes: Any) -> Path:
    """A file with tensors replaced (None: removed), past the checks of `save`."""
    tensors = dict(package.tensors)
    for name, tensor in changes.items():
        key = name.replace("__", ".")
        if tensor is None:
            del tensors[key]
        else:
            tensors[key] = tensor
    header = {"version": packages.VERSION, "config": package.config.to_dict(), "provenance": {}}
    save_file(tensors, path, {packages.FORMAT: json.dumps(header)})
    return path


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"patch_embed__m": None}, "tensor 'patch_embed.m' is missing"),
        ({"extra": np.zeros(3)}, "tensor 'extra' is not one"),
        ({"pos_embed": np.zeros((129, 64), np.int16)}, "pos_embed has dtype int16, expected int32"),
        (
            {"pos_embed": np.full((129, 64), 1 << 17, np.int32)},
            "pos_embed holds 131072, above its limit 131071",
        ),
        (
            {"pos_embed": np.zeros((64, 129), np.int32)},
            r"pos_embed has shape \(64, 129\), expected \(129, 64\)",
        ),
        ({"patch_embed__s": np.zeros(64, np.int32)}, "patch_embed.s holds 0, below its limit 1"),
        (
            {"patch_embed__m": np.full(64, 65536, np.int32)},
            "patch_embed.m holds 65536, above its limit 65535",
        ),
        ({"patch_embed__bias": np.full(64, 1 << 39)}, "patch_embed.bias holds 549755813888, above"),
        ({"scale__residual": np.array(np.nan)}, "scale.residual must hold positive finite"),
        ({"blocks__0__norm1__eps": np.array(3)}, "blocks.0.norm1.eps holds 3, below its limit 4"),
    ],
)
def test_damaged_tensors_are_named(
    package: packages.Package, tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(UserError, match=message):
        packages.load(rewritten(package, tmp_path / "m.safetensors", **changes))


def test_files_that_are_no_packages(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="can't be read: No such file"):
        packages.load(tmp_path / "none.safetensors")
    (tmp_path / "text.safetensors").write_text("hello, this is no tensor file")
    with pytest.raises(UserError, match=r"not a readable \.safetensors file"):
        packages.load(tmp_path / "text.safetensors")
    save_file({"a": np.zeros(1)}, tmp_path / "other.safetensors")
    with pytest.raises(UserError, match=r"not a model package .*`edgemoe quantize`"):
        packages.load(tmp_path / "other.safetensors")


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("{", "header is damaged"),
        ('{"version": 1}', "header is damaged"),
        ('{"version": 7, "config": {}, "provenance": {}}', "package version 7; this program reads version 2"),
        (
            '{"version": 1, "config": {}, "provenance": {}}',
            "this program reads version 2. Make it again from its checkpoint with `edgemoe quantize`",
        ),
        ('{"version": 2, "config": {}, "provenance": {}}', "lacks the field 'name'"),
        ('{"version": 2, "config": {"colour": 1}, "provenance": {}}', "has no field 'colour'"),
    ],
)
def test_damaged_headers(package: packages.Package, tmp_path: Path, header: str, message: str) -> None:
    path = tmp_path / "m.safetensors"
    save_file(package.tensors, path, {packages.FORMAT: header})
    with pytest.raises(UserError, match=message):
        packages.load(path)


def test_truncated_files(package: packages.Package, tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    packages.save(package, path)
    data = path.read_bytes()
    for size in (0, 7, 100, len(data) // 2, len(data) - 1):
        path.write_bytes(data[:size])
        with pytest.raises(UserError, match="not a readable"):
            packages.load(path)


def test_config_survives_json_and_types_are_checked() -> None:
    data = json.loads(json.dumps(NANO.to_dict()))
    assert ModelConfig.from_dict(data) == NANO
    with pytest.raises(UserError, match="field 'dim' must be of type int, not '64'"):
        ModelConfig.from_dict({**data, "dim": "64"})
    with pytest.raises(UserError, match="field 'layers' must be of type int, not True"):
        ModelConfig.from_dict({**data, "layers": True})
    with pytest.raises(UserError, match="'depth_range' must hold two numbers"):
        ModelConfig.from_dict({**data, "depth_range": ["a", "b"]})
    with pytest.raises(UserError, match="'classes' must hold names"):
        ModelConfig.from_dict({**data, "classes": [1, 2]})
    with pytest.raises(UserError, match="layers 1000000000 is above 65536"):
        ModelConfig.from_dict({**data, "layers": 1000000000})


def test_random_packages_depend_on_the_seed_alone() -> None:
    one, same, other = random_package(NANO, 5), random_package(NANO, 5), random_package(NANO, 6)
    assert packages.to_bytes(one) == packages.to_bytes(same) != packages.to_bytes(other)
    with pytest.raises(UserError, match="must not be negative"):
        random_package(NANO, -1)


def test_quantised_weights_are_within_half_a_step() -> None:
    rng = np.random.default_rng(1)
    weight, bias = rng.normal(size=(6, 40)), rng.normal(size=6)
    weight[2] = 0
    for bits in (8, 16):
        q = quantise_linear(weight, bias, 0.01, 0.02, bits)
        error = np.abs(q["weight"] * q["weight_scale"][:, None] - weight) / q["weight_scale"][:, None]
        assert error.max() <= 0.5 and np.abs(q["weight"]).max() == 2 ** (bits - 1) - 1
        assert np.abs(q["bias"] * q["weight_scale"] * 0.01 - bias).max() <= 0.01 * q["weight_scale"].max()
        assert np.abs(q["m"] / 2.0 ** q["s"] / (0.01 * q["weight_scale"] / 0.02) - 1).max() < 2**-16


def test_a_huge_bias_still_fits() -> None:
    q = quantise_linear(np.full((1, 4), 1e-9), np.array([5.0]), 0.001, 0.01, 8)
    assert abs(int(q["bias"][0])) < 1 << 39
    assert abs(int(q["bias"][0]) * float(q["weight_scale"][0]) * 0.001 - 5) < 1e-6


def test_norms_take_the_largest_shift() -> None:
    q = quantise_norm(np.array([1.0, -0.5]), np.array([0.1, 0.2]), 1 / 4096)
    assert 1 << 14 <= np.abs(q["weight"]).max() < 1 << 15 or np.abs(q["bias"]).max() >= 1 << 30
    with pytest.raises(UserError, match="doesn't fit output scale"):
        quantise_norm(np.array([1e9]), np.array([0.0]), 1e-6)


def test_export_wants_every_scale() -> None:
    state = random_state(NANO, np.random.default_rng(0))
    scales = {name: 1e-3 for name in scale_names(NANO)}
    del scales["blocks.2.context"]
    with pytest.raises(UserError, match=r"'blocks.2.context' needs a positive scale, got None"):
        export_package(NANO, state, scales)
    scales["blocks.2.context"] = 1e-3
    del state["blocks.0.attn.qkv.bias"]
    with pytest.raises(UserError, match=r"lack 'blocks.0.attn.qkv.bias'"):
        export_package(NANO, state, scales)


def test_biases_of_k_are_dropped(package: packages.Package) -> None:
    bias = package.tensors["blocks.0.attn.qkv.bias"]
    assert bias[:64].any() and not bias[64:128].any() and bias[128:].any()


def test_weight_widths_are_per_layer(package: packages.Package) -> None:
    kinds = {
        n: t.dtype.name for n, t in package.tensors.items() if n.endswith("proj.weight") or "fc1.weight" in n
    }
    assert kinds["blocks.0.attn.proj.weight"] == "int16" and kinds["blocks.0.mlp.fc1.weight"] == "int8"


def test_the_file_is_plain_safetensors(package: packages.Package, tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    packages.save(package, path)
    assert set(load_file(path)) == set(package.tensors)


def test_what_a_header_promises_is_not_read_before_it_is_wanted(
    package: packages.Package, tmp_path: Path
) -> None:
    """A terabyte of holes behind a header that fits it: refused for its shape at once."""
    data = packages.to_bytes(package)
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    last = max(header, key=lambda name: header[name].get("data_offsets", [0, 0])[1])
    begin = header[last]["data_offsets"][0]
    size = (1 << 40) // 8 * 8
    header[last] |= {"dtype": "F64", "shape": [size // 8], "data_offsets": [begin, begin + size]}
    raw = json.dumps(header).encode()
    path = tmp_path / "m.safetensors"
    with path.open("wb") as file:
        file.write(len(raw).to_bytes(8, "little") + raw)
        file.truncate(8 + len(raw) + begin + size)
    with pytest.raises(UserError, match=f"{last} has (dtype|shape)"):
        packages.load(path)


def test_the_order_of_tensors_does_not_matter_but_holes_do(package: packages.Package, tmp_path: Path) -> None:
    data = packages.to_bytes(package)
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    path = tmp_path / "m.safetensors"

    def write(changed: dict[str, Any]) -> None:
        raw = json.dumps(changed).encode()
        path.write_bytes(len(raw).to_bytes(8, "little") + raw + data[8 + length :])

    write(dict(reversed(header.items())))
    assert (packages.load(path).tensors["pos_embed"] == package.tensors["pos_embed"]).all()
    begin, end = header["pos_embed"]["data_offsets"]
    for offsets, said in (([begin + 2, end + 2], "begins at byte"), ([end, begin], "expected begin and end")):
        write(header | {"pos_embed": header["pos_embed"] | {"data_offsets": offsets}})
        with pytest.raises(UserError, match=said):
            packages.load(path)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"name": "\ud800"}, r"printable characters, not '\\ud800'"),
        ({"name": ""}, "printable characters, not ''"),
        ({"name": "x" * 101}, "1 to 100 printable"),
        ({"classes": ["a", "\x1b[2J"]}, r"not '\\x1b\[2J'"),
        ({"classes": ["a", "a"]}, "all different"),
        ({"classes": [f"c{i}" for i in range(257)]}, "at most 256"),
        ({"classes": []}, "classes is empty"),
        ({"dim": 1.0}, r"must be of type int, not 1\.0"),
        ({"dim": None}, "must be of type int, not None"),
        ({"dim": [64]}, r"must be of type int, not \[64\]"),
        ({"dim": 10**400}, "dim an integer of 1329 bits is above 65536"),
        ({"dim": -1}, "dim -1 must be at least 1"),
        ({"patch": 0}, "patch 0 must be at least 1"),
        ({"experts": -1}, "experts -1 must be at least 0"),
        ({"experts": 0, "top_k": -5}, "top_k -5 must be at least 0"),
        ({"layers": 1025}, "layers 1025 is above 1024"),
        ({"dim": 65536, "dense_hidden": 65536}, "weights; at most"),
        ({"threshold": float("nan")}, "threshold nan must lie"),
        ({"threshold": True}, "must be of type float, not True"),
        ({"eps": float("inf")}, "eps inf must lie"),
        ({"eps": 10**400}, "eps an integer of 1329 bits must lie"),
        ({"depth_range": [0, 10**400]}, "depth_range 0..an integer"),
        ({"depth_range": [float("nan"), 1]}, r"depth_range nan\.\.1"),
        ({"depth_range": [1, 2, 3]}, "must hold two numbers"),
        ({"depth_range": [False, True]}, "must hold two numbers"),
        ({"depth_range": "ab"}, "must be of type tuple"),
        ({"gate": "x" * 1000}, "gate 'x{159}"),
        ({"\x1b": 1}, r"no field '\\x1b'"),
    ],
    ids=lambda value: str(value)[:40] if isinstance(value, dict) else "",
)
def test_configs_that_are_none(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(UserError, match=said) as caught:
        ModelConfig.from_dict(NANO.to_dict() | changes)
    assert str(caught.value).isprintable() and len(str(caught.value)) < 500
