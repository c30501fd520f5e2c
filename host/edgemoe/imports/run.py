# SPDX-License-Identifier: Apache-2.0
"""The import itself: read, name, ask, build, write, tell."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np

from edgemoe.checkpoint import check_checkpoint_target, is_index, state_shapes, write_floats
from edgemoe.errors import UserError
from edgemoe.imports.beside import read_beside
from edgemoe.imports.build import check_has_bias, model_config, state_dict
from edgemoe.imports.experts import Gates, ask_experts, gates
from edgemoe.imports.facts import Facts, ask_transformer
from edgemoe.imports.geometry import Geometry, geometry
from edgemoe.imports.heads import FEATURES, ask_classes, ask_pool, has_head
from edgemoe.imports.hugging_face import HUGGING_FACE
from edgemoe.imports.m3vit import EXPERTS, M3VIT, RAW
from edgemoe.imports.named import Named, Source
from edgemoe.imports.names import family_of, named
from edgemoe.imports.options import Options
from edgemoe.imports.positions import Size
from edgemoe.imports.sources import read_source
from edgemoe.imports.timm import TIMM

AUTHORS: dict[str, Any] = {
    "eps": (1e-6, "as in the authors' code"),
    "activation": ("gelu", "as in the authors' code"),
    "resize": (("stretch", 0), "as in the authors' code"),
}
UNSAID = (
    "No tensor says whether the gates were trained on the layer's input (gate_input_ahead), on a share of the experts "
    "for each task (regu_experts_fromtask) or with scores that are pruned (expert_prune; --threshold here). They are "
    "taken to see the second norm's output and all experts, which is what the authors' code does unless told otherwise."
)


def import_checkpoint(path: Path, out: Path, options: Options) -> dict[str, Any]:
    """Reads a checkpoint of others and writes edgemoe's own; what is told: `report.sentences`."""
    if is_index(out) or out.suffix != ".safetensors":
        raise UserError(f"--out {out}: an imported checkpoint is one .safetensors file; give such a name.")
    check_checkpoint_target(out)
    source = read_source(path, options.entry)
    tensors = _named(source, options)
    sizes = geometry(tensors)
    facts = Facts(path, options, read_beside(path, tensors.family, sizes, options.model_config))
    if facts.known.values.get("qkv_bias"):
        check_has_bias(tensors)
    code = AUTHORS if tensors.family in (M3VIT.name, RAW.name) else {}
    code = code | {name: (value, "as in the graph") for name, value in source.facts.items()}
    values = ask_transformer(facts, sizes, code)
    found = _ask_gates(tensors, sizes, facts, values)
    if head := has_head(tensors, facts):
        _refuse_idle(facts, "a network without a head of classes", "tasks")
    else:
        _refuse_idle(facts, "a network with a head of classes", "pool", "class_names")
    if not source.kind.startswith("PyTorch"):
        _refuse_idle(facts, "a file of PyTorch", "entry")
    pool = ask_pool(tensors, facts, sizes) if head else None
    classes = ask_classes(tensors, facts) if head else ()
    facts.check()
    name = options.name or facts.known.values.get("name") or _name(path)
    config = model_config(name, sizes, values, pool, classes)
    trained = _trained(facts, values["size"], config.patch)
    state = state_dict(tensors, config, sizes, values, found, trained)
    tensors.check_all_told()
    assert {name: array.shape for name, array in state.items()} == state_shapes(config)
    report = _report(source, tensors, facts, out, name, head)
    kept = {key: report[key] for key in ("file", "sha256", "family", "facts", "not_used", "notes")}
    write_floats(out, config, state, {"imported": kept})
    return report


def _named(source: Source, options: Options) -> Named:
    """The tensors under their shared names."""
    experts = any(name.endswith(EXPERTS) for name in source.arrays)
    family, prefix = family_of(source, (M3VIT if experts else TIMM, HUGGING_FACE, RAW))
    tensors = named(source, family, prefix, options.ignore, options.head == "none")
    if family is RAW and "cls_token" not in tensors:
        tensors.arrays["cls_token"] = np.zeros((1, 1, len(source.arrays["l0_norm1_weight"])), np.float32)
        tensors.note("No file holds a class token: the first position is it, as in Edge-MoE's own files.")
    return tensors


def _ask_gates(tensors: Named, sizes: Geometry, facts: Facts, values: dict[str, Any]) -> Gates | None:
    """The facts of experts, into `values`; None without experts."""
    options = facts.options
    if not sizes.moe_layers:
        _refuse_idle(facts, "a network with experts", "top_k", "score_rule", "threshold")
        if options.tasks is not None:
            values["tasks"] = options.tasks
        return None
    found = gates(tensors, sizes)
    origins = [*tensors.origin.values(), *tensors.unused]
    values |= ask_experts(facts, found, origins, tensors.family == M3VIT.name)
    values["gate"] = "biased" if found.embedded else "multi"
    tensors.notes.append(UNSAID)
    if found.embedded:
        tensors.notes.append(
            "The embedding of each task was folded into a bias of its gates, which changes nothing."
        )
    elif not found.count:
        tensors.notes.append("All tasks have one gate, which was given to each.")
    return found


def _refuse_idle(facts: Facts, what: str, *names: str) -> None:
    """UserError for an option that would do nothing, as the network is not `what`."""
    for name in names:
        if getattr(facts.options, name) is not None:
            raise UserError(f"--{name.replace('_', '-')} is for {what}, which {facts.path} is not.")


def _trained(facts: Facts, wanted: Size, patch: int) -> Size:
    """Rows and columns of patches that the position embedding was trained for."""
    options = facts.options
    size: Size = options.trained_size or facts.known.values.get("size") or wanted
    if size[0] % patch or size[1] % patch:
        raise UserError(
            f"{facts.path}: the size {size} of the training is not a multiple of the patch, {patch}."
        )
    trained, grid = ((rows // patch, columns // patch) for rows, columns in (size, wanted))
    if trained != grid and not options.resize_position:
        raise UserError(
            f"{facts.path} was trained at {size[0]} x {size[1]}; for another --size its position embedding is "
            "resized, if you say --resize-position. Accuracy changes."
        )
    if trained != grid:
        facts.told["positions"] = (
            f"resized from {trained[0]} x {trained[1]} to {grid[0]} x {grid[1]} patches, bicubic"
        )
    return trained


def _name(path: Path) -> str:
    """The model's name from the file's, or of the folder where every model's file has the same."""
    stem = path.absolute().parent.name if path.stem in ("model", "pytorch_model") else path.stem
    return re.sub(r"[^A-Za-z0-9._-]+", "-", stem)[:100].strip("-.") or "imported"


def _report(source: Source, tensors: Named, facts: Facts, out: Path, name: str, head: bool) -> dict[str, Any]:
    notes = [*tensors.notes, *facts.known.notes]
    if not head:
        notes.append(f"There is no head: {FEATURES}; what follows it runs on the host.")
    return {
        "checkpoint": str(out), "model": name, "file": str(source.path), "sha256": source.sha256, "kind": source.kind,
        "family": tensors.family, "tensors": len(source.arrays), "used": len(tensors.used & set(tensors.origin)),
        "facts": facts.told,
        "not_used": dict(sorted(tensors.unused.items())), "notes": notes,
    }  # fmt: skip
