# SPDX-License-Identifier: Apache-2.0
"""Makes `fixtures/`: small networks of timm and Hugging Face with random weights, and what those libraries compute.

    python tests/imports/make_fixtures.py

Needs timm and transformers, which the tests don't. For each network a folder with the checkpoint and config.json as the
library saves them, and expected.npz: `image` (uint8, H x W x 3), `features` (T,D), the residual after the last layer,
and `scores` (C) of a network with a head, in the library's own arithmetic, float64.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import timm
import torch
import transformers
from safetensors.torch import save_file

FIXTURES = Path(__file__).parent / "fixtures"
SMALL = {"embed_dim": 24, "depth": 2, "num_heads": 3, "mlp_ratio": 2}
TIMM: dict[str, tuple[str, dict[str, Any], float | None]] = {
    "timm-vit": ("vit_tiny_patch16_224", {"img_size": 32, "num_classes": 10}, 0.9),
    "timm-vit-mean": (
        "vit_tiny_patch16_224",
        {"img_size": 12, "patch_size": 4, "num_classes": 10, "global_pool": "avg", "fc_norm": False},
        0.9,
    ),
    "timm-deit-distilled": (
        "deit_tiny_distilled_patch16_224",
        {"img_size": 12, "patch_size": 4, "num_classes": 7},
        0.9,
    ),
    "timm-deit3": ("deit3_small_patch16_224", {"img_size": 12, "patch_size": 4, "num_classes": 5}, 1.0),
    "timm-dinov2": ("vit_small_patch14_dinov2", {"img_size": 42}, None),
    "timm-dinov2-reg": ("vit_small_patch14_reg4_dinov2", {"img_size": 15, "patch_size": 5}, None),
}
HUGGING_FACE: dict[str, tuple[str, dict[str, Any]]] = {
    "hf-vit": ("ViTForImageClassification", {"num_labels": 6}),
    "hf-vit-features": ("ViTModel", {"qkv_bias": False}),
    "hf-deit": ("DeiTForImageClassification", {"num_labels": 6}),
    "hf-deit-teacher": ("DeiTForImageClassificationWithTeacher", {"num_labels": 6}),
    "hf-dinov2": ("Dinov2Model", {"patch_size": 5, "image_size": 15}),
    "hf-dinov2-reg": ("Dinov2WithRegistersModel", {"patch_size": 5, "image_size": 15}),
}


def shake(model: torch.nn.Module, seed: int) -> None:
    """Random values in every parameter, those that begin as 0 or 1 too, so that none can be forgotten unseen."""
    made = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            scale = any(part in name for part in ("norm", "gamma", "lambda")) and "bias" not in name
            around = 1.0 if scale and parameter.ndim == 1 else 0.0
            spread = (
                0.15
                if parameter.ndim < 2 or "token" in name or "pos" in name
                else parameter[0].numel() ** -0.5
            )
            parameter.copy_((around + spread * torch.randn(parameter.shape, generator=made)).half().float())


def image_of(height: int, width: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def pixels(image: np.ndarray, mean: Any, std: Any) -> torch.Tensor:
    scaled = (image.astype(np.float64) / 255 - np.array(mean)) / np.array(std)
    return torch.from_numpy(scaled.transpose(2, 0, 1)[None])


def last_block(blocks: Any) -> list[torch.Tensor]:
    """A list that gets the residual after the last layer."""
    seen: list[torch.Tensor] = []
    blocks[-1].register_forward_hook(lambda _, __, out: seen.append(out if torch.is_tensor(out) else out[0]))
    return seen


def make_timm(name: str, seed: int) -> None:
    architecture, arguments, _ = TIMM[name]
    given = SMALL | arguments
    model = timm.create_model(architecture, **given).eval()
    shake(model, seed)
    folder = FIXTURES / name
    folder.mkdir(parents=True)
    save_file({k: v.half() for k, v in model.state_dict().items()}, folder / "model.safetensors")
    config = {
        "architecture": architecture,
        "num_classes": model.num_classes,
        "num_features": model.num_features,
        "global_pool": model.global_pool,
        "model_args": given,
        "pretrained_cfg": dict(model.pretrained_cfg),
    }
    config["pretrained_cfg"]["input_size"] = [3, given["img_size"], given["img_size"]]
    (folder / "config.json").write_text(json.dumps(config, indent=1, default=str) + "\n")
    image = image_of(given["img_size"], given["img_size"], seed)
    seen = last_block(model.blocks)
    with torch.no_grad():
        scores = model.double()(pixels(image, model.pretrained_cfg["mean"], model.pretrained_cfg["std"]))
    keep(folder, image, seen[0][0], scores[0] if model.num_classes else None)
    if name == "timm-deit-distilled":
        make_onnx(model.float(), given["img_size"], folder, ("torchscript", "dynamo"))


def make_hugging_face(name: str, seed: int) -> None:
    kind, arguments = HUGGING_FACE[name]
    cls = getattr(transformers, kind)
    config = cls.config_class(
        **{
            "hidden_size": 24,
            "num_hidden_layers": 2,
            "num_attention_heads": 3,
            "intermediate_size": 60,
            "image_size": 12,
            "patch_size": 4,
            "mlp_ratio": 2,
        }
        | arguments
    )
    model = cls(config).eval()
    shake(model, seed)
    folder = FIXTURES / name
    model.half().save_pretrained(folder)
    model.float()
    mean, std = [0.5, 0.4, 0.6], [0.5, 0.25, 0.3]
    if name != "hf-vit-features":
        preprocessor = {
            "do_resize": True,
            "size": {"shortest_edge": config.image_size + 4},
            "do_center_crop": True,
            "crop_size": {"height": config.image_size, "width": config.image_size},
            "do_rescale": True,
            "rescale_factor": 1 / 255,
            "do_normalize": True,
            "image_mean": mean,
            "image_std": std,
            "resample": 3,
        }
        (folder / "preprocessor_config.json").write_text(json.dumps(preprocessor, indent=1) + "\n")
    image = image_of(config.image_size, config.image_size, seed)
    base = getattr(model, model.base_model_prefix, model)
    seen = last_block(base.encoder.layer if hasattr(base, "encoder") else base.layers)
    with torch.no_grad():
        out = model.double()(pixels(image, mean, std))
    keep(folder, image, seen[0][0], out.logits[0] if hasattr(out, "logits") else None)
    if name == "hf-vit":
        make_onnx(model.float(), config.image_size, folder, ("torchscript",))


def make_onnx(model: torch.nn.Module, size: int, folder: Path, kinds: tuple[str, ...]) -> None:
    """The graph as both exporters make it, without what they say of this machine's files."""
    one, two = torch.zeros(1, 3, size, size), torch.zeros(2, 3, size, size)
    if "torchscript" in kinds:
        torch.onnx.export(model, (one,), folder / "torchscript.onnx", dynamo=False)
    if "dynamo" in kinds:
        batch = ({0: torch.export.Dim("batch")},)
        torch.onnx.export(
            model, (two,), folder / "dynamo.onnx", dynamo=True, external_data=False, dynamic_shapes=batch
        )
    for kind in kinds:
        graph = onnx.load(folder / f"{kind}.onnx")
        for part in [graph.graph, *graph.graph.node, *graph.graph.initializer, *graph.graph.input]:
            scopes = [one for one in getattr(part, "metadata_props", ()) if one.key.endswith("name_scopes")]
            part.ClearField("doc_string")
            if hasattr(part, "metadata_props"):
                part.ClearField("metadata_props")
                part.metadata_props.extend(scopes)
        graph.graph.ClearField("value_info")
        graph.ClearField("metadata_props")
        onnx.save(graph, folder / f"{kind}.onnx")


def keep(folder: Path, image: np.ndarray, features: torch.Tensor, scores: torch.Tensor | None) -> None:
    arrays = {"image": image, "features": features.numpy().astype(np.float64)}
    if scores is not None:
        arrays["scores"] = scores.numpy().astype(np.float64)
    np.savez_compressed(folder / "expected.npz", **arrays)


def main() -> None:
    shutil.rmtree(FIXTURES, ignore_errors=True)
    for seed, name in enumerate(TIMM):
        make_timm(name, seed)
    for seed, name in enumerate(HUGGING_FACE, 100):
        make_hugging_face(name, seed)


if __name__ == "__main__":
    sys.exit(main())
