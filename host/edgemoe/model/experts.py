# SPDX-License-Identifier: Apache-2.0
"""Mixture of experts: gates, score rules and the experts.

The gate gives every token a logit per expert; the top k experts by logit are chosen (ties to the lower index) and
weighted by a score. Two score rules exist in the published models, both are here:

* `softmax_all`   softmax over all experts, the top k kept, not renormalised (their sum is below 1);
* `softmax_topk`  softmax over the k chosen logits only (their sum is 1).

A chosen expert whose score is below `threshold` is dropped; a token may be left without any.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn

from edgemoe.config import EMBEDDING_DIM, ModelConfig
from edgemoe.powers import EXPONENTS, LEAST, POWER_OF_TWO


class TaskEmbedding(nn.Module):
    """A one-hot task vector through a two-layer MLP and a LayerNorm: what a shared gate is told of the task."""

    def __init__(self, tasks: Sequence[str]) -> None:
        super().__init__()
        self.tasks = tuple(tasks)
        self.fc1 = nn.Linear(len(tasks), EMBEDDING_DIM)
        self.fc2 = nn.Linear(EMBEDDING_DIM, EMBEDDING_DIM)
        self.norm = nn.LayerNorm(EMBEDDING_DIM, 1e-6)

    def forward(self, task: str) -> Tensor:
        """-> (EMBEDDING_DIM)."""
        one_hot = self.fc1.weight.new_zeros(len(self.tasks))
        one_hot[self.tasks.index(task)] = 1
        return cast(Tensor, self.norm(self.fc2(torch.relu(self.fc1(one_hot)))))


class _GateWeight(nn.Module):
    """A linear map to expert logits; a module so that its state-dict name ends in `.weight`."""

    bias: nn.Parameter | None

    def __init__(self, experts: int, inputs: int, biased: bool = False) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(experts, inputs) * 0.02)
        self.register_parameter("bias", nn.Parameter(torch.zeros(experts)) if biased else None)


class TaskGates(nn.ModuleDict):
    """Multi-gate: one gate per task."""

    def __init__(self, tasks: Sequence[str], dim: int, experts: int, biased: bool) -> None:
        super().__init__({task: _GateWeight(experts, dim, biased) for task in tasks})
        self.experts = experts

    def weight(self, task: str) -> Tensor:
        """The gate of `task`, (E,D)."""
        return cast(Tensor, self[task].weight)

    def bias(self, task: str) -> Tensor:
        """That gate's bias, (E); zero where there is none."""
        bias: Tensor | None = cast(_GateWeight, self[task]).bias
        return self.weight(task).new_zeros(self.experts) if bias is None else bias

    def forward(self, x: Tensor, task: str, embedding: Tensor | None) -> Tensor:
        """(N,D) -> logits (N,E); the embedding is not used."""
        return x @ self.weight(task).T + self.bias(task)


class SharedGate(nn.Module):
    """One gate for all tasks; its input is the token with the task's embedding appended."""

    def __init__(self, dim: int, experts: int) -> None:
        super().__init__()
        self.dim = dim
        self.shared = _GateWeight(experts, dim + EMBEDDING_DIM)

    def folded(self, embedding: Tensor) -> tuple[Tensor, Tensor]:
        """The same gate for one task: weight (E,D) and bias (E)."""
        token_part, task_part = self.shared.weight.split([self.dim, EMBEDDING_DIM], dim=1)
        return token_part, task_part @ embedding

    def forward(self, x: Tensor, task: str, embedding: Tensor | None) -> Tensor:
        """(N,D) -> logits (N,E)."""
        weight, bias = self.folded(cast(Tensor, embedding))
        return x @ weight.T + bias


def ranks(logits: Tensor) -> Tensor:
    """Each logit's place in its row, 0 the largest, ties to the lower index; (N,E) int64. By comparing all pairs:
    there are few experts, and sorting promises nothing about ties on every device."""
    mine, other = logits[:, :, None], logits[:, None, :]
    index = torch.arange(logits.shape[1], device=logits.device)
    ahead = (other > mine) | ((other == mine) & (index[None, :] < index[:, None]))
    return ahead.sum(2)


def route(logits: Tensor, top_k: int, rule: str, threshold: float = 0.0) -> Tensor:
    """Logits (N,E) -> scores (N,E), zero for experts not chosen."""
    chosen = ranks(logits) < top_k
    if rule == "softmax_all":
        scores = logits.softmax(1) * chosen
    elif rule == "softmax_topk":
        scores = logits.masked_fill(~chosen, float("-inf")).softmax(1)
    else:
        raise ValueError(f"score rule: expected softmax_all or softmax_topk, got {rule!r}")
    return scores * (scores >= threshold)


def noisy(logits: Tensor, training: bool) -> Tensor:
    """In training logits (N,E) get noise of 1/E, which spreads the choice while they are still alike; at inference
    there is none."""
    return logits + torch.randn_like(logits) / logits.shape[1] if training else logits


def balance_loss(logits: Tensor, scores: Tensor) -> Tensor:
    """How unevenly a batch uses the experts: 0 when even, in the two published forms added up.

    Importance: the squared coefficient of variation of each expert's summed scores (Shazeer et al. 2017).
    Load: E * sum_e(share of choices_e * mean probability_e) - 1 (Fedus et al. 2021).
    """
    importance = scores.sum(0)
    variation = importance.var(unbiased=False) / importance.mean().clamp_min(1e-9).square()
    choices = (scores > 0).float().sum(0)
    share = choices / choices.sum().clamp_min(1)
    load = logits.shape[1] * (share * logits.softmax(1).mean(0)).sum() - 1
    return variation + load


def nearest_powers(weight: Tensor) -> Tensor:
    """weight (..., out, in) -> `edgemoe.powers.nearest_powers` of it; the gradient passes as if it were `weight`."""
    fixed = weight.detach()
    magnitude = fixed.abs()
    top = magnitude.amax(-1, keepdim=True)
    top = torch.where(top >= LEAST, top, 0.0)
    found, below = torch.zeros_like(fixed), torch.zeros_like(top)
    for n in range(EXPONENTS):
        value = top * 2.0 ** (n - EXPONENTS + 1)
        found = torch.where(magnitude - below >= value - magnitude, value, found)
        below = value
    found = torch.where(top > 0, found, 0.0).copysign(fixed)
    return found + (weight - fixed)  # the bracket is 0 exactly: the value is `found`, not nearly


class ExpertLinear(nn.Module):
    """E linear layers of one shape, stacked: weight (E,out,in), bias (E,out).

    powers: compute with `nearest_powers` of the weights. Training moves the weights themselves, and finds by them when
    a power is to change.
    """

    def __init__(self, experts: int, inputs: int, outputs: int, powers: bool = False) -> None:
        super().__init__()
        self.powers = powers
        self.weight = nn.Parameter(torch.randn(experts, outputs, inputs) * inputs**-0.5)
        self.bias = nn.Parameter(torch.zeros(experts, outputs))

    def used(self) -> Tensor:
        """The weights that products are taken with, (E,out,in)."""
        return nearest_powers(self.weight) if self.powers else self.weight


@torch.no_grad()
def settle(model: nn.Module) -> None:
    """Makes the weights of a model those that it computes with: the same outputs, without the rule at each pass. It is
    not for training any more."""
    for module in model.modules():
        if isinstance(module, ExpertLinear) and module.powers:
            module.weight.copy_(module.used())
            module.powers = False


class Experts(nn.Module):
    """All experts on all tokens, weighted by the scores.

    Experts that a token did not choose have score 0 there: the sum is the same as visiting the chosen ones only,
    and two large matrix products are faster to train than many small ones.
    """

    def __init__(self, experts: int, dim: int, hidden: int, powers: bool = False) -> None:
        super().__init__()
        self.fc1 = ExpertLinear(experts, dim, hidden, powers)
        self.act = nn.GELU()
        self.fc2 = ExpertLinear(experts, hidden, dim, powers)

    def forward(self, x: Tensor, scores: Tensor) -> Tensor:
        """x (N,D), scores (N,E) -> sum over e of score_e * expert_e(x), (N,D)."""
        E, H, D = self.fc1.weight.shape
        hidden = self.act(x @ self.fc1.used().view(E * H, D).T + self.fc1.bias.view(E * H))
        weighted = (hidden.view(-1, E, H) * scores[:, :, None]).view(-1, E * H)
        return weighted @ self.fc2.used().transpose(1, 2).reshape(E * H, D) + scores @ self.fc2.bias


class MixtureOfExperts(nn.Module):
    """Gate, routing and experts of one layer."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.top_k, self.rule, self.threshold = config.top_k, config.score_rule, config.threshold
        self.gate: TaskGates | SharedGate
        if config.gate == "task_embedding":
            self.gate = SharedGate(config.dim, config.experts)
        else:
            self.gate = TaskGates(config.tasks, config.dim, config.experts, config.gate == "biased")
        powers = config.expert_weights == POWER_OF_TWO
        self.experts = Experts(config.experts, config.dim, config.expert_hidden, powers)

    def forward(self, x: Tensor, task: str, embedding: Tensor | None) -> tuple[Tensor, Tensor]:
        """(B,T,D) -> (B,T,D) and the balance loss."""
        tokens = x.reshape(-1, x.shape[-1])
        logits = self.gate(tokens, task, embedding)
        logits = noisy(logits, self.training)
        scores = route(logits, self.top_k, self.rule, self.threshold)
        return self.experts(tokens, scores).view_as(x), balance_loss(logits, scores)
