# SPDX-License-Identifier: Apache-2.0
"""The model package: one .safetensors file with every integer that the accelerator needs.

The file's metadata holds one string under "edgemoe-package": a JSON object with `version`, `config` (a
`ModelConfig`) and `provenance` (training and calibration, free form). Tensors are
named as in the PyTorch model's state dict. D width, T tokens, E experts, H hidden units, P patch, {i} a
layer, {task} one of the config's tasks; `.m` and `.s` are a requantiser's multiplier and shift (scale = m
/ 2^s).

    name                                  dtype         shape      scale, meaning
    pos_embed                             int32         (T,D)      residual; the prefix's tokens are added to its rows
    LINEAR is each of
      patch_embed                         inputs (c,y,x), scale 1/256        out: residual    (D, 3PP)
      blocks.{i}.attn.qkv                 norm1    out: q | k | v           (3D, D)
      blocks.{i}.attn.proj                context  out: residual            (D, D)
      blocks.{i}.mlp.fc1, .fc2            norm2, hidden  out: Q.14, residual (H, D), (D, H)   dense layers
      blocks.{i}.moe.experts.fc1, .fc2    norm2, hidden  out: Q.14, residual/4  (E,H,D), (E,D,H)  MoE layers
      heads.{task}.fc1, .fc2              norm, hidden   out: Q.14, out     (H, D), (outputs, H)  head of pixels
      heads.{task}.fc                     norm or pool   out: out           (classes, D or 2D)    head of classes
    LINEAR.weight                         int8 | int16   as listed    weight_scale, per output
    LINEAR.bias                           int64          (..., out)   accumulator, input * weight scale; int40
    LINEAR.m, LINEAR.s                    int32, int32   (..., out)   accumulator -> output; 1 <= s <= 62
    LINEAR.weight_scale                   float64        (..., out)
    NORM is each of blocks.{i}.norm1, blocks.{i}.norm2, heads.{task}.norm
    NORM.weight, NORM.bias                int16, int32   (D)          g and b of the integer LayerNorm
    NORM.s                                int32          ()           its shift
    NORM.eps                              int64          ()           E = max(4, round(eps * D^2 / scale^2))
    blocks.{i}.attn.score.m, .s           int32          ()           q.k -> log2 score, Q.10
    blocks.{i}.attn.context.m, .s         int32          ()           v -> context; 0 <= s <= CONTEXT_SHIFT_MAX
    blocks.{i}.attn.router.{task}.weight  int16          (heads,D)    one scale for the tensor; with top_heads
    blocks.{i}.attn.router.{task}.m, .s   int32          ()           accumulator -> log2 logit, Q.10
    blocks.{i}.attn.router.{task}.weight_scale  float64  ()
    blocks.{i}.mlp.act.m, .s              int32          ()           GELU's Q.14 -> hidden
    blocks.{i}.moe.experts.act.m, .s      int32          ()           the same, one for all experts
    heads.{task}.act.m, .s                int32          ()           the same; head of pixels
    heads.{task}.pool.m, .s               int32          ()           norm -> its mean over the patches; head of classes
    blocks.{i}.moe.gate.{task}.weight     int16          (E,D)        one scale for the tensor
    blocks.{i}.moe.gate.{task}.bias       int64          (E)          accumulator; the task embedding, else 0
    blocks.{i}.moe.gate.{task}.m, .s      int32          ()           accumulator -> log2 logit, Q.10
    blocks.{i}.moe.gate.{task}.weight_scale  float64     ()
    scale.residual, scale.blocks.{i}.{norm1,q,k,v,context,norm2,hidden}, scale.heads.{task}.{norm,hidden,pool,out}
                                          float64        ()           value of one step of the integer tensor

The k rows of qkv have bias 0: softmax cancels a bias of k. Whether a linear layer's weights are int8 or int16
is the dtype of its weight tensor alone. Of a config whose `expert_weights` is "power_of_two" the experts' weights are
int8, and each is 0 or ±2^n, n = 0..6.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save as serialise

from edgemoe.config import ModelConfig
from edgemoe.errors import UserError, shown
from edgemoe.files import check_target, open_regular, parse_json, write
from edgemoe.numerics import (
    BIAS_BITS,
    CONTEXT_SHIFT_MAX,
    EPS_BITS,
    EPS_MIN,
    MULTIPLIER_BITS,
    RESIDUAL_BITS,
    SHIFT_MAX,
)
from edgemoe.powers import check_codes, power_weights
from edgemoe.tensors import INDEX, Entry, read_header, read_tensors

FORMAT = "edgemoe-package"
VERSION = 2

Array = NDArray[Any]


@dataclass(frozen=True)
class Spec:
    """What a tensor of a package must be: dtype names, shape, the least and greatest value allowed, and whether each
    must be a code of `edgemoe.powers`."""

    dtypes: tuple[str, ...]
    shape: tuple[int, ...]
    low: int | None = None
    high: int | None = None
    powers: bool = False


@dataclass(frozen=True)
class Package:
    """A trained, quantised model; `tensors` as the module says. `sha256` is the file's, empty if unsaved."""

    config: ModelConfig
    tensors: dict[str, Array]
    provenance: dict[str, Any] = field(default_factory=dict)
    sha256: str = ""

    def integer(self, name: str) -> int:
        """A tensor of one integer."""
        return int(self.tensors[name])

    def scale(self, name: str) -> float:
        """The value of one step of an activation tensor, as in `scale.{name}`."""
        return float(self.tensors[f"scale.{name}"])


def specification(config: ModelConfig) -> dict[str, Spec]:
    """Name -> what it must be, for every tensor of a package of this model."""
    D, H, E = config.dim, config.expert_hidden, config.experts
    residual = 1 << (RESIDUAL_BITS - 1)
    specs = {"pos_embed": Spec(("int32",), (config.tokens, D), -residual, residual - 1)}

    powers = set(power_weights(config))

    def linear(name: str, *shape: int) -> None:
        out = shape[:-1]
        limit = 1 << (BIAS_BITS - 1)
        weight = f"{name}.weight"
        specs[weight] = Spec(("int8", "int16"), shape)
        if weight in powers:
            specs[weight] = Spec(("int8",), shape, powers=True)
        specs[f"{name}.bias"] = Spec(("int64",), out, -limit, limit - 1)
        requantiser(name, out)
        specs[f"{name}.weight_scale"] = Spec(("float64",), out)

    def requantiser(name: str, shape: tuple[int, ...] = (), low: int = 1, high: int = SHIFT_MAX) -> None:
        specs[f"{name}.m"] = Spec(("int32",), shape, 0, (1 << MULTIPLIER_BITS) - 1)
        specs[f"{name}.s"] = Spec(("int32",), shape, low, high)

    def norm(name: str) -> None:
        specs[f"{name}.weight"] = Spec(("int16",), (D,))
        specs[f"{name}.bias"] = Spec(("int32",), (D,))
        specs[f"{name}.s"] = Spec(("int32",), (), 1, SHIFT_MAX)
        specs[f"{name}.eps"] = Spec(("int64",), (), EPS_MIN, (1 << EPS_BITS) - 1)

    scales = ["residual"]
    linear("patch_embed", D, config.patch_inputs)
    for i in range(config.layers):
        block = f"blocks.{i}"
        norm(f"{block}.norm1")
        linear(f"{block}.attn.qkv", 3 * D, D)
        requantiser(f"{block}.attn.score")
        requantiser(f"{block}.attn.context", low=0, high=CONTEXT_SHIFT_MAX)
        linear(f"{block}.attn.proj", D, D)
        if config.top_heads:
            for task in config.tasks:
                router = f"{block}.attn.router.{task}"
                specs[f"{router}.weight"] = Spec(("int16",), (config.heads, D))
                requantiser(router)
                specs[f"{router}.weight_scale"] = Spec(("float64",), ())
        norm(f"{block}.norm2")
        if config.is_moe(i):
            for task in config.tasks:
                gate = f"{block}.moe.gate.{task}"
                limit = 1 << (BIAS_BITS - 1)
                specs[f"{gate}.weight"] = Spec(("int16",), (E, D))
                specs[f"{gate}.bias"] = Spec(("int64",), (E,), -limit, limit - 1)
                requantiser(gate)
                specs[f"{gate}.weight_scale"] = Spec(("float64",), ())
            linear(f"{block}.moe.experts.fc1", E, H, D)
            requantiser(f"{block}.moe.experts.act")
            linear(f"{block}.moe.experts.fc2", E, D, H)
        else:
            linear(f"{block}.mlp.fc1", config.mlp_hidden(i), D)
            requantiser(f"{block}.mlp.act")
            linear(f"{block}.mlp.fc2", D, config.mlp_hidden(i))
        scales += [f"{block}.{t}" for t in ("norm1", "q", "k", "v", "context", "norm2", "hidden")]
    for task in config.headed_tasks:
        head = f"heads.{task}"
        norm(f"{head}.norm")
        if config.head == "classes":
            linear(f"{head}.fc", config.head_outputs(task), config.pooled)
            if config.pool == "mean":
                requantiser(f"{head}.pool", low=0, high=CONTEXT_SHIFT_MAX)
        else:
            linear(f"{head}.fc1", config.head_hidden, D)
            requantiser(f"{head}.act")
            linear(f"{head}.fc2", config.head_outputs(task), config.head_hidden)
        scales += [f"{head}.{t}" for t in head_tensors(config)]
    specs.update({f"scale.{name}": Spec(("float64",), ()) for name in scales})
    return specs


def head_tensors(config: ModelConfig) -> tuple[str, ...]:
    """The activation tensors of a head, in the order of the network."""
    if config.head == "classes":
        return ("norm", "pool", "out") if config.pool == "mean" else ("norm", "out")
    return ("norm", "hidden", "out") if config.head == "pixels" else ()


def check(package: Package, source: str = "the package") -> None:
    """Raises UserError naming the first tensor that is missing, unknown, or not as `specification` says."""
    specs = specification(package.config)
    check_form({name: (t.dtype.name, t.shape) for name, t in package.tensors.items()}, specs, source)
    for name, spec in specs.items():
        tensor = package.tensors[name]
        if spec.low is not None and tensor.size and tensor.min() < spec.low:
            raise UserError(f"{source}: {name} holds {tensor.min()}, below its limit {spec.low}.")
        if spec.high is not None and tensor.size and tensor.max() > spec.high:
            raise UserError(f"{source}: {name} holds {tensor.max()}, above its limit {spec.high}.")
        if spec.powers:
            check_codes(name, tensor, source)
        if tensor.dtype == np.float64 and not (np.isfinite(tensor).all() and (tensor > 0).all()):
            raise UserError(f"{source}: {name} must hold positive finite scales.")


def check_form(found: dict[str, tuple[str, tuple[int, ...]]], specs: dict[str, Spec], source: str) -> None:
    """The part of `check` that needs no data. found: name -> dtype and shape."""
    for name in sorted(set(specs) - set(found)):
        raise UserError(f"{source}: tensor {name!r} is missing.")
    for name in sorted(set(found) - set(specs)):
        raise UserError(f"{source}: tensor {shown(name)} is not one that this model's package has.")
    for name, spec in specs.items():
        dtype, shape = found[name]
        if dtype not in spec.dtypes:
            raise UserError(f"{source}: {name} has dtype {dtype}, expected {' or '.join(spec.dtypes)}.")
        if shape != spec.shape:
            raise UserError(f"{source}: {name} has shape {shape}, expected {spec.shape}.")


def to_bytes(package: Package) -> bytes:
    """The file's contents, the same for equal packages."""
    check(package)
    header = {"version": VERSION, "config": package.config.to_dict(), "provenance": package.provenance}
    tensors = {name: np.ascontiguousarray(package.tensors[name]) for name in sorted(package.tensors)}
    tensors = {name: t.reshape(package.tensors[name].shape) for name, t in tensors.items()}
    return serialise(tensors, {FORMAT: json.dumps(header, sort_keys=True)})


def save(package: Package, path: Path) -> str:
    """Writes the package, whole or not at all, and returns its sha256."""
    data = to_bytes(package)
    write(path, data, "Package")
    return hashlib.sha256(data).hexdigest()


def check_package_target(path: Path) -> None:
    """UserError if a command must not write a package to `path`: another file is there, the folder can't be made."""
    check_target(path, "Package", _check_is_package, need_bytes=1 << 20)


def _bad(path: Path) -> str:
    return f"{path}: not a readable .safetensors file"


def _check_is_package(path: Path) -> None:
    with open_regular(path, "Package") as file:
        if FORMAT not in read_header(file, _bad(path)).metadata:
            raise UserError(f"{path}: not a model package.")


def load(path: Path) -> Package:
    """Reads and checks a package; UserError if it isn't one.

    The header alone decides whether the file holds what its config asks for, so no more is read, and no more
    memory taken, than a package of that model has.
    """
    if path.name.endswith(INDEX):
        raise UserError(f"{path} is the index of a checkpoint; `edgemoe quantize` makes a package of it.")
    with open_regular(path, "Package") as file:
        header = read_header(file, _bad(path))
        if FORMAT not in header.metadata:
            raise UserError(
                f"{path}: not a model package (no {FORMAT!r} in its metadata). A checkpoint becomes a package with "
                "`edgemoe quantize`."
            )
        config, provenance = _described(header.metadata[FORMAT], path, header.entries)
        form = {name: (entry.kind, entry.shape) for name, entry in header.entries.items()}
        check_form(form, specification(config), str(path))
        tensors, sha256 = read_tensors(file, header, _bad(path))
    package = Package(config, tensors, provenance, sha256)
    check(package, str(path))
    return package


def _described(text: str, path: Path, entries: dict[str, Entry]) -> tuple[ModelConfig, dict[str, Any]]:
    """Config and provenance from the JSON of a package's header."""
    damaged = f"{path}: the package's header is damaged"
    data = parse_json(text, damaged)
    if not isinstance(data, dict):
        raise UserError(f"{damaged}: it is no JSON object.")
    for name in ("version", "config", "provenance"):
        if name not in data:
            raise UserError(f"{damaged}: it lacks {name!r}.")
    if data["version"] != VERSION or isinstance(data["version"], bool):
        raise UserError(
            f"{path}: package version {shown(data['version'])}; this program reads version {VERSION}. Make it again "
            "from its checkpoint with `edgemoe quantize`."
        )
    if not isinstance(data["provenance"], dict):
        raise UserError(f"{damaged}: 'provenance' is no JSON object.")
    try:
        config = ModelConfig.from_dict(data["config"])
    except UserError as error:
        raise UserError(f"{path}: {error}") from error
    if config.layers > len(entries):  # so that a damaged number makes no long list of tensors
        raise UserError(
            f"{path}: the config has {config.layers} layers, but the file only {len(entries)} tensors."
        )
    return config, data["provenance"]
