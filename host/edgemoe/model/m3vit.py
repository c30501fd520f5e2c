# SPDX-License-Identifier: Apache-2.0
"""M3ViT: a vision transformer with several tasks and a mixture of experts, in PyTorch.

One image and one task at a time go through the network; the task picks the gate and the head, everything else
is shared. The config says which layers have a dense MLP and which experts (`experts.py`). Axes, everywhere:
B images, T tokens (the prefix's + patches), D width, E experts, H hidden units, P patch size.

Conventions that the integer model and the accelerator rely on:

* a pixel's value is k/256 with k = 0..255, RGB, no other normalisation;
* patches are row-major; a patch's inputs are in the order (channel, y, x);
* the tokens of the config's prefix come first, usually the class token; the position embedding is added to all tokens;
* every linear layer is y = W x + b with W stored (out, in); qkv rows are Q | K | V, each head contiguous;
* erf GELU, LayerNorm with biased variance and eps 1e-6, no final norm in the backbone (the heads have one).

State-dict names (`{i}` a layer, `{task}` "segmentation" or "depth"):

    patch_embed.weight (D,3,P,P)  .bias (D)      cls_token (1,1,D)      pos_embed (1,T,D)
    blocks.{i}.norm1.{weight,bias} (D)           blocks.{i}.norm2.{weight,bias} (D)
    blocks.{i}.attn.qkv.weight (3D,D) .bias (3D) blocks.{i}.attn.proj.weight (D,D) .bias (D)
    with top_heads blocks.{i}.attn.router.{task}.weight (heads,D), no bias
    even layers  blocks.{i}.mlp.fc1.weight (dense_hidden,D) .bias     blocks.{i}.mlp.fc2.weight (D,dense_hidden) .bias
    odd layers   blocks.{i}.moe.experts.fc1.weight (E,H,D) .bias (E,H)
                 blocks.{i}.moe.experts.fc2.weight (E,D,H) .bias (E,D)
      gate "multi"           blocks.{i}.moe.gate.{task}.weight (E,D), one gate a task, no bias
      gate "task_embedding"  blocks.{i}.moe.gate.shared.weight (E,D+32) and once for the network
                             task_embedding.{fc1,fc2}.{weight,bias}, task_embedding.norm.{weight,bias}
    heads.{task}.norm.{weight,bias} (D)
    heads.{task}.fc1.weight (head_hidden,D) .bias     heads.{task}.fc2.weight (outputs,head_hidden) .bias

The export (`folded_gates`) gives both kinds of gate one form: weight (E,D) and bias (E) per task and layer. The
bias is zero for "multi"; for "task_embedding" the embedding's part of the product is a constant of the task.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from edgemoe.config import HEAD_RULE, ModelConfig
from edgemoe.model.experts import MixtureOfExperts, TaskEmbedding, TaskGates, balance_loss, noisy, route
from edgemoe.model.heads import ClassesHead, Head


@dataclass(frozen=True)
class Prediction:
    """What one pass gives: `maps` (B, outputs per pixel, height, width), of a head of classes their scores
    (B, classes), without a head nothing (B,0); `features` (B,T,D) of the backbone before the head's norm, and
    `balance`, the gates' load-balancing loss (a scalar, 0 without experts)."""

    maps: Tensor
    features: Tensor
    balance: Tensor


class Attention(nn.Module):
    """Multi-head self-attention; softmax(q k^T / sqrt(D / heads)) v, then a projection.

    With `top_heads` each token takes part in so many heads, those that its task's router gives the largest logits, and
    their contexts are weighted by the softmax of these logits (mixture-of-head attention, Jin et al. 2024, without
    heads that all tokens share); the keys and values of every head are those of all tokens.
    """

    router: TaskGates

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.heads, self.top = config.heads, config.top_heads
        self.qkv = nn.Linear(config.dim, 3 * config.dim)
        self.proj = nn.Linear(config.dim, config.dim)
        if self.top:
            self.router = TaskGates(config.tasks, config.dim, config.heads, biased=False)

    def forward(self, x: Tensor, task: str) -> tuple[Tensor, Tensor]:
        """(B,T,D) -> (B,T,D) and the router's balance loss."""
        B, T, D = x.shape
        q, k, v = self.qkv(x).view(B, T, 3, self.heads, D // self.heads).permute(2, 0, 3, 1, 4)
        context = F.scaled_dot_product_attention(q, k, v)  # (B, heads, T, D / heads)
        balance = x.new_zeros(())
        if self.top:
            logits = noisy(self.router(x.reshape(B * T, D), task, None), self.training)
            scores = route(logits, self.top, HEAD_RULE)
            context = context * scores.view(B, T, self.heads).transpose(1, 2)[..., None]
            balance = balance_loss(logits, scores)
        return self.proj(context.transpose(1, 2).reshape(B, T, D)), balance


class Mlp(nn.Module):
    """The dense feed-forward layer: fc2(GELU(fc1(x)))."""

    def __init__(self, dim: int, hidden: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(dim, hidden)
        self.act = nn.GELU()
        self.fc2 = nn.Linear(hidden, dim)

    def forward(self, x: Tensor) -> Tensor:
        """(B,T,D) -> (B,T,D)."""
        return cast(Tensor, self.fc2(self.act(self.fc1(x))))


class Block(nn.Module):
    """A pre-norm transformer layer, dense or with experts."""

    mlp: Mlp
    moe: MixtureOfExperts

    def __init__(self, config: ModelConfig, layer: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(config.dim, config.eps)
        self.attn = Attention(config)
        self.norm2 = nn.LayerNorm(config.dim, config.eps)
        self.has_experts = config.is_moe(layer)
        if self.has_experts:
            self.moe = MixtureOfExperts(config)
        else:
            self.mlp = Mlp(config.dim, config.mlp_hidden(layer))

    def forward(self, x: Tensor, task: str, embedding: Tensor | None) -> tuple[Tensor, Tensor]:
        """(B,T,D) -> (B,T,D) and this layer's balance loss."""
        context, uneven = self.attn(self.norm1(x), task)
        x = x + context
        if not self.has_experts:
            return x + self.mlp(self.norm2(x)), uneven
        update, balance = self.moe(self.norm2(x), task, embedding)
        return x + update, balance + uneven


class M3ViT(nn.Module):
    """The whole network. `forward` takes images (B,3,height,width) in k/256 and a task's name."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.patch_embed = nn.Conv2d(3, config.dim, config.patch, config.patch)
        for name, count in config.prefix_tensors.items():
            self.register_parameter(name, nn.Parameter(torch.zeros(1, count, config.dim)))
        self.pos_embed = nn.Parameter(torch.zeros(1, config.tokens, config.dim))
        self.task_embedding = TaskEmbedding(config.tasks) if uses_task_embedding(config) else None
        self.blocks = nn.ModuleList(Block(config, layer) for layer in range(config.layers))
        heads = {"pixels": Head, "classes": ClassesHead}
        if config.head in heads:
            self.heads = nn.ModuleDict({task: heads[config.head](config, task) for task in config.tasks})
        self.apply(_initialise)
        for name in config.prefix_tensors:
            nn.init.trunc_normal_(self.get_parameter(name), std=0.02)
        nn.init.trunc_normal_(self.pos_embed, std=0.02)

    def forward(self, image: Tensor, task: str) -> Prediction:
        """(B,3,height,width) -> `Prediction` for that task."""
        patches = self.patch_embed(image).flatten(2).transpose(1, 2)  # (B, patches, D)
        prefix = [
            self.get_parameter(name).expand(len(patches), -1, -1) for name in self.config.prefix_tensors
        ]
        x = torch.cat([*prefix, patches], 1) + self.pos_embed
        embedding = self.task_embedding(task) if self.task_embedding is not None else None
        balance = x.new_zeros(())
        for block in self.blocks:
            x, layer_balance = block(x, task, embedding)
            balance = balance + layer_balance
        maps = self.heads[task](x) if self.config.head != "none" else x.new_zeros(len(x), 0)
        return Prediction(maps, x, balance)

    @torch.no_grad()
    def folded_gates(self, layer: int) -> dict[str, tuple[Tensor, Tensor]]:
        """Per task: the gate of MoE layer `layer` as weight (E,D) and bias (E), whatever its kind."""
        gate = cast(Block, self.blocks[layer]).moe.gate
        if isinstance(gate, TaskGates):
            return {task: (gate.weight(task), gate.bias(task)) for task in self.config.tasks}
        embedding = cast(TaskEmbedding, self.task_embedding)
        return {task: gate.folded(embedding(task)) for task in self.config.tasks}


def uses_task_embedding(config: ModelConfig) -> bool:
    """Whether one gate, told the task by an embedding, serves all tasks."""
    return config.experts > 0 and config.gate == "task_embedding"


def _initialise(module: nn.Module) -> None:
    """Truncated normal of 0.02 for linear weights, zero for their biases, as is usual for ViTs."""
    if isinstance(module, nn.Linear):
        nn.init.trunc_normal_(module.weight, std=0.02)
        nn.init.zeros_(module.bias)
