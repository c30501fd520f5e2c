# SPDX-License-Identifier: Apache-2.0
"""The names of the authors' M³ViT: the state dict of its training code, and the raw files of Edge-MoE.

Experts are FastMoE's linear layers, weight (E, out, in); a gate is a matrix (D, E) without a bias, applied from the
right. With one gate for all tasks, its last rows meet the embedding of the task.
"""

from __future__ import annotations

from edgemoe.imports.names import Family
from edgemoe.imports.timm import PLAIN_ROWS, TIMM

EXPERTS = "mlp.experts.htoh4.weight"
"""How the name of a tensor ends that only this family has."""

M3VIT = Family(
    name="M³ViT",
    signature="patch_embed.proj.weight",
    rows=(
        *PLAIN_ROWS,
        ("blocks.{n}.mlp.experts.htoh4.{wb}", "blocks.{n}.experts.fc1.{wb}"),
        ("blocks.{n}.mlp.experts.h4toh.{wb}", "blocks.{n}.experts.fc2.{wb}"),
        ("blocks.{n}.mlp.gate.w_gate", "blocks.{n}.gate"),
        ("blocks.{n}.mlp.gate.{t}.w_gate", "blocks.{n}.gate.{t}"),
        ("gate_task_represent.fc1.{wb}", "task.fc1.{wb}"),
        ("gate_task_represent.fc2.{wb}", "task.fc2.{wb}"),
        ("gate_task_represent.norm.{wb}", "task.norm.{wb}"),
    ),
    unused=(
        (r"blocks\.\d+\.mlp\.gate\.(\d+\.)?w_noise", "the gate's noise, in training only"),
        (r"blocks\.\d+\.mlp\.gate\.(\d+\.)?(w_gate_aux|w_noise_aux)", "a second output of the gate, in training only"),
        (r"blocks\.\d+\.mlp\.gate\.(\d+\.)?head\..*", "the gate's loss on labels, in training only"),
        (r"norm\..*", "the backbone ends with the residual, before any norm"),
        (r"dist_token", "the authors' network has it, and does not use it"),
        (r"(decoders?|heads?|auxi?_heads?|task_modules)\..*", "the decoder runs on the host"),
    ),
    refused=((r"pre_logits\..*", "a layer after the backbone, which the accelerator has not"), *TIMM.refused),
)  # fmt: skip

RAW = Family(
    name="Edge-MoE's raw files",
    signature="patch_embed_weight",
    rows=(
        ("patch_embed_{wb}", "patch_embed.{wb}"),
        ("cls_token", "cls_token"),
        ("pos_embed", "pos_embed"),
        ("l{n}_norm1_{wb}", "blocks.{n}.norm1.{wb}"),
        ("l{n}_norm2_{wb}", "blocks.{n}.norm2.{wb}"),
        ("l{n}_qkv_{wb}", "blocks.{n}.attn.qkv.{wb}"),
        ("l{n}_attn_proj_{wb}", "blocks.{n}.attn.proj.{wb}"),
        ("l{n}_fc1_{wb}", "blocks.{n}.mlp.fc1.{wb}"),
        ("l{n}_fc2_{wb}", "blocks.{n}.mlp.fc2.{wb}"),
        ("l{n}_htoh4_{wb}", "blocks.{n}.experts.fc1.{wb}"),
        ("l{n}_h4toh_{wb}", "blocks.{n}.experts.fc2.{wb}"),
        ("l{n}_w_gate_T_task{t}", "blocks.{n}.gate.{t}"),
    ),
    unused=(
        ("image", "a test's image"),
        (r"l\d+_x_post_(mlp|moe|attn)", "a test's expected result"),
    ),
)
