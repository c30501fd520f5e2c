# SPDX-License-Identifier: Apache-2.0
"""The float network: routing and experts against plain loops, the whole against the NumPy reference."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
import torch
from small import small

from edgemoe.checkpoint import state_shapes
from edgemoe.config import TASKS
from edgemoe.errors import UserError
from edgemoe.golden.model import forward
from edgemoe.model.experts import Experts, SharedGate, TaskEmbedding, balance_loss, route
from edgemoe.model.heads import Head, decode_depth, decode_segmentation
from edgemoe.model.m3vit import M3ViT

SMALL = small(dim=16, experts=4, dense_hidden=16, expert_hidden=8, head_hidden=8)


def plain_route(logits: list[float], top_k: int, rule: str, threshold: float) -> list[float]:
    """Scores of one token, by the words of `experts.py`."""
    chosen = sorted(range(len(logits)), key=lambda e: (-logits[e], e))[:top_k]
    pool = range(len(logits)) if rule == "softmax_all" else chosen
    total = sum(math.exp(logits[e]) for e in pool)
    scores = [math.exp(logits[e]) / total if e in chosen else 0.0 for e in range(len(logits))]
    return [s if s >= threshold else 0.0 for s in scores]


@pytest.mark.parametrize("rule", ["softmax_all", "softmax_topk"])
@pytest.mark.parametrize("top_k", [1, 2, 3, 5])
@pytest.mark.parametrize("threshold", [0.0, 0.3])
def test_route_is_the_plain_rule(rule: str, top_k: int, threshold: float) -> None:
    logits = torch.randn(20, 5, generator=torch.Generator().manual_seed(top_k)) * 2
    expected = [plain_route(row, top_k, rule, threshold) for row in logits.tolist()]
    torch.testing.assert_close(route(logits, top_k, rule, threshold), torch.tensor(expected))


def test_ties_go_to_the_lower_expert() -> None:
    scores = route(torch.tensor([[1.0, 3.0, 3.0, 3.0], [2.0, 2.0, 2.0, 2.0]]), 2, "softmax_topk")
    assert (scores > 0).tolist() == [[False, True, True, False], [True, True, False, False]]


def test_a_threshold_can_leave_a_token_without_expert() -> None:
    assert route(torch.zeros(1, 8), 2, "softmax_all", threshold=0.2).sum() == 0


def test_an_unknown_score_rule_is_refused() -> None:
    with pytest.raises(ValueError, match="softmax_topk"):
        route(torch.zeros(1, 2), 1, "softmax")


def test_experts_are_the_weighted_sum_of_the_chosen() -> None:
    torch.manual_seed(1)
    experts = Experts(4, 6, 5)
    torch.nn.init.normal_(experts.fc1.bias)
    torch.nn.init.normal_(experts.fc2.bias)
    x = torch.randn(7, 6)
    scores = route(torch.randn(7, 4), 2, "softmax_all")
    expected = torch.zeros(7, 6)
    for n in range(7):
        for e in range(4):
            if scores[n, e] > 0:
                hidden = torch.nn.functional.gelu(experts.fc1.weight[e] @ x[n] + experts.fc1.bias[e])
                expected[n] += scores[n, e] * (experts.fc2.weight[e] @ hidden + experts.fc2.bias[e])
    torch.testing.assert_close(experts(x, scores), expected)


def test_shared_gate_is_a_gate_on_token_and_embedding() -> None:
    torch.manual_seed(2)
    embedding, gate = TaskEmbedding(TASKS), SharedGate(6, 4)
    x, logits = torch.randn(3, 6), {}
    for task in TASKS:
        told = embedding(task)
        logits[task] = torch.cat([x, told.expand(3, -1)], 1) @ gate.shared.weight.T
        torch.testing.assert_close(gate(x, task, told), logits[task])
    assert not torch.allclose(*logits.values())


def test_balance_loss_is_zero_when_even_and_grows() -> None:
    even = torch.eye(4).repeat(5, 1) * 3
    assert balance_loss(even, route(even, 1, "softmax_all")).abs() < 1e-5
    alike = torch.tensor([[3.0, 0, 0, 0]]).repeat(20, 1)
    assert balance_loss(alike, route(alike, 1, "softmax_all")) > 3


@pytest.mark.parametrize("gate", ["multi", "task_embedding"])
@pytest.mark.parametrize("rule", ["softmax_all", "softmax_topk"])
def test_network_equals_the_numpy_reference(gate: str, rule: str) -> None:
    torch.manual_seed(3)
    config = dataclasses.replace(SMALL, gate=gate, score_rule=rule, threshold=0.2)
    model = M3ViT(config).double().eval()
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    pixels = torch.randint(0, 256, (3, 16, 32), dtype=torch.uint8)
    state = {name: tensor.numpy() for name, tensor in model.state_dict().items()}
    for task in TASKS:
        with torch.no_grad():
            prediction = model(pixels[None].double() / 256, task)
        reference = forward(config, state, pixels.permute(1, 2, 0).numpy(), task)
        np.testing.assert_allclose(prediction.features[0].numpy(), reference["features"], atol=1e-9)
        maps = prediction.maps[0].numpy()  # patch (0, 1) of the picture is row 1 of the tokens
        tile = maps[:, :8, 8:16].reshape(-1)
        np.testing.assert_allclose(tile, reference[f"heads.{task}.out"][1], atol=1e-9)


def test_all_experts_make_both_score_rules_equal() -> None:
    logits = torch.randn(9, 4)
    torch.testing.assert_close(route(logits, 4, "softmax_all"), route(logits, 4, "softmax_topk"))


def test_task_picks_gate_and_head_and_noise_is_for_training_only() -> None:
    torch.manual_seed(4)
    model = M3ViT(SMALL).eval()
    image = torch.rand(2, 3, 16, 32)
    first, again = model(image, "depth"), model(image, "depth")
    assert torch.equal(first.maps, again.maps)
    assert first.maps.shape == (2, 1, 16, 32)
    assert model(image, "segmentation").maps.shape == (2, 7, 16, 32)
    assert not torch.equal(first.features, model(image, "segmentation").features)
    assert not torch.equal(first.features, model.train()(image, "depth").features)


def test_dense_model_has_no_gate() -> None:
    model = M3ViT(dataclasses.replace(SMALL, experts=0))
    assert not [name for name in model.state_dict() if "gate" in name or "expert" in name]
    assert model(torch.rand(1, 3, 16, 32), "depth").balance == 0


def test_head_row_is_class_then_pixel() -> None:
    head = Head(SMALL, "segmentation")
    torch.nn.init.zeros_(head.fc2.weight)
    head.fc2.bias.data = torch.arange(7 * 64.0)
    maps = head(torch.randn(1, 9, 16))
    assert maps[0, 5, 8 + 3, 16 + 6] == 5 * 64 + 3 * 8 + 6


def test_decoding() -> None:
    maps = torch.tensor([-1.0, 0.0, 0.5, 2.0]).view(1, 1, 2, 2)
    assert decode_depth(maps, (1.0, 81.0)).flatten().tolist() == [1, 1, 41, 81]
    logits = torch.tensor([[1.0, 2.0, 2.0], [0.0, -1.0, 0.0]]).T.reshape(1, 3, 1, 2)
    assert decode_segmentation(logits).tolist() == [[[1, 0]]]


@pytest.mark.parametrize("top", [1, 2])
def test_tokens_choose_heads_as_the_reference_does(top: int) -> None:
    config = dataclasses.replace(SMALL, heads=4, top_heads=top)
    torch.manual_seed(6)
    model = M3ViT(config).double().eval()
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    state = {name: tensor.numpy() for name, tensor in model.state_dict().items()}
    assert {name: tensor.shape for name, tensor in state.items()} == state_shapes(config)
    pixels = torch.randint(0, 256, (3, 16, 32), dtype=torch.uint8)
    features = {}
    for task in TASKS:
        with torch.no_grad():
            features[task] = model(pixels[None].double() / 256, task).features[0].numpy()
        exact = forward(config, state, pixels.permute(1, 2, 0).numpy(), task)
        np.testing.assert_allclose(features[task], exact["features"], atol=1e-9)
        chosen, score = exact["blocks.0.heads_chosen"], exact["blocks.0.heads_score"]
        np.testing.assert_allclose(score.sum(axis=1), 1)
        context = exact["blocks.0.context"].reshape(len(chosen), 4, -1)
        used = np.zeros((len(chosen), 4), bool)
        np.put_along_axis(used, chosen, True, axis=1)
        assert used.sum() == top * len(chosen) and (context[~used] == 0).all() and (context[used] != 0).all()
    assert not np.allclose(features["segmentation"], features["depth"])


def test_all_parts_of_a_router_are_trained() -> None:
    model = M3ViT(dataclasses.replace(SMALL, heads=4, top_heads=2))
    prediction = model(torch.rand(2, 3, 16, 32), "depth")
    assert prediction.balance > 0
    (prediction.maps.square().mean() + prediction.balance).backward()
    routers = [block.attn.router for block in model.blocks]
    assert all(router["depth"].weight.grad.abs().sum() > 0 for router in routers)
    assert all(router["segmentation"].weight.grad is None for router in routers)


@pytest.mark.parametrize("top", [-1, 4, 5])
def test_more_heads_than_there_are_can_t_be_chosen(top: int) -> None:
    with pytest.raises(UserError, match=r"must lie in 0\.\.3"):
        dataclasses.replace(SMALL, heads=4, top_heads=top)
