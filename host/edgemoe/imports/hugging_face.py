# SPDX-License-Identifier: Apache-2.0
"""The names of Hugging Face's ViT, DeiT, Dinov2 and Dinov2-with-registers, in files and in memory.

Files have `encoder.layer.{n}.attention.attention.query`; version 5 of the library names the same `attention.q_proj` in
memory, and for ViT and DeiT without `encoder`.
"""

from __future__ import annotations

from edgemoe.imports.names import Family
from edgemoe.imports.timm import AVERAGED

SIGNATURE = "embeddings.patch_embeddings.projection.weight"
LAYER = (
    ("layernorm_before.{wb}", "norm1.{wb}"),
    ("layernorm_after.{wb}", "norm2.{wb}"),
    ("norm1.{wb}", "norm1.{wb}"),
    ("norm2.{wb}", "norm2.{wb}"),
    ("attention.attention.query.{wb}", "attn.q.{wb}"),
    ("attention.attention.key.{wb}", "attn.k.{wb}"),
    ("attention.attention.value.{wb}", "attn.v.{wb}"),
    ("attention.output.dense.{wb}", "attn.proj.{wb}"),
    ("attention.q_proj.{wb}", "attn.q.{wb}"),
    ("attention.k_proj.{wb}", "attn.k.{wb}"),
    ("attention.v_proj.{wb}", "attn.v.{wb}"),
    ("attention.o_proj.{wb}", "attn.proj.{wb}"),
    ("intermediate.dense.{wb}", "mlp.fc1.{wb}"),
    ("output.dense.{wb}", "mlp.fc2.{wb}"),
    ("mlp.fc1.{wb}", "mlp.fc1.{wb}"),
    ("mlp.fc2.{wb}", "mlp.fc2.{wb}"),
    ("layer_scale1.lambda1", "ls1"),
    ("layer_scale2.lambda1", "ls2"),
)

HUGGING_FACE = Family(
    name="Hugging Face",
    signature=SIGNATURE,
    rows=(
        ("embeddings.patch_embeddings.projection.{wb}", "patch_embed.{wb}"),
        ("embeddings.cls_token", "cls_token"),
        ("embeddings.distillation_token", "dist_token"),
        ("embeddings.register_tokens", "reg_token"),
        ("embeddings.position_embeddings", "pos_embed"),
        *(
            (f"{place}.{{n}}.{theirs}", f"blocks.{{n}}.{ours}")
            for place in ("encoder.layer", "layers")
            for theirs, ours in LAYER
        ),
        ("layernorm.{wb}", "norm.{wb}"),
        ("classifier.{wb}", "head.{wb}"),
        ("cls_classifier.{wb}", "head.{wb}"),
        ("distillation_classifier.{wb}", "head_dist.{wb}"),
    ),
    unused=(
        (r"embeddings\.mask_token", "it stands for masked patches, in training only"),
        (r"pooler\.dense\..*", "the pooler is no part of the features"),
        (r"(embeddings\.)?position_ids", "numbers of the positions"),
        (r"decoder\..*", "the decoder of masked images is for training"),
    ),
    refused=(
        (r"fc_norm\..*", AVERAGED),
        (r".*relative_position.*", "relative positions, which the accelerator has not"),
        (r".*\.mlp\.weights_(in|out)\..*", "a gated MLP (SwiGLU), which the accelerator has not"),
        (r".*\.(q_norm|k_norm)\..*", "norms of queries and keys, which the accelerator has not"),
        (r".*rope.*", "rotary positions, which the accelerator has not"),
    ),
    only_head=(
        r"classifier\..*",
        r"cls_classifier\..*",
        r"distillation_classifier\..*",
        r"fc_norm\..*",
        r"pooler\..*",
    ),
)
