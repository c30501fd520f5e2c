# SPDX-License-Identifier: Apache-2.0
"""Widths of weights by pattern and by budget."""

from __future__ import annotations

import numpy as np
import pytest
from floats import IMAGES, SMALL, UNSEEN, ranges_of, state_of

from edgemoe.errors import UserError
from edgemoe.export import linear_inputs
from edgemoe.quant.profile import features_sqnr
from edgemoe.quant.quantise import make_package
from edgemoe.quant.recipe import Recipe
from edgemoe.quant.search import spend
from edgemoe.quant.weights import groups, layer_bits, layer_bytes, read_rules, weight_bytes

BITS = layer_bits(SMALL, ())
LEAST = weight_bytes(SMALL, BITS)


def wide(*texts: str) -> set[str]:
    """Layers of 16 bits."""
    return {name for name, bits in layer_bits(SMALL, read_rules(texts)).items() if bits == 16}


def test_patterns() -> None:
    every = set(linear_inputs(SMALL))
    assert wide() == wide("8") == {"patch_embed"}
    assert wide("16") == wide("*=16") == every
    assert wide("16", "patch_embed=8") == every - {"patch_embed"}
    assert wide("patch_embed=8") == set()
    assert wide("blocks.0.*=16") == {"patch_embed", *(name for name in every if name.startswith("blocks.0."))}
    assert wide("blocks.*=16", "blocks.?.attn.*=8") == wide("blocks.?.attn.*=8", "blocks.*=16") - {
        name for name in every if ".attn." in name
    }
    assert (
        wide("blocks.0.mlp.fc1=16", "8")
        == wide("8", "blocks.0.mlp.fc1=16")
        == {"patch_embed", "blocks.0.mlp.fc1"}
    )


@pytest.mark.parametrize(
    "text", ["", "4", "=16", "blocks.0.*", "blocks.0.*=12", "blocks.0.*=", "16=blocks", " 8"]
)
def test_what_is_no_rule_is_refused(text: str) -> None:
    with pytest.raises(UserError, match=r"is neither 8 nor 16 nor PATTERN=8\|16"):
        read_rules([text])


def test_a_pattern_must_match_and_experts_have_one_width() -> None:
    with pytest.raises(
        UserError, match=r"'blocks.7.\*' matches no layer of model 'small'; its layers are patch_embed"
    ):
        wide("blocks.0.*=16", "blocks.7.*=16")
    with pytest.raises(UserError, match="more than once"):
        wide("8", "16")
    with pytest.raises(
        UserError, match=r"fc1 would have 16 bits and .*fc2 8: .* Give blocks.1.moe.experts.\*=8"
    ):
        wide("blocks.1.moe.experts.fc1=16")


def test_packages_have_the_widths_and_say_so() -> None:
    recipe = Recipe(weights=read_rules(["blocks.1.*=16", "patch_embed=8"]))
    package = make_package(SMALL, state_of(), ranges_of(), recipe).package
    for name, bits in layer_bits(SMALL, recipe.weights).items():
        assert package.tensors[f"{name}.weight"].dtype == f"int{bits}"
    assert package.provenance["calibration"]["weight_bits"]["blocks.1.attn.proj"] == 16
    plain = make_package(SMALL, state_of(), ranges_of()).package
    assert "weight_bits" not in plain.provenance["calibration"]
    stored = sum(package.tensors[f"{name}.weight"].nbytes for name in linear_inputs(SMALL))
    assert stored == weight_bytes(SMALL, layer_bits(SMALL, recipe.weights))


def test_a_budget_buys_the_most_noise_a_byte() -> None:
    """Of what fits; all of it if there is enough, nothing if there is none to spare."""
    state = state_of()
    ends = [spend(SMALL, state, IMAGES[:1], BITS, budget) for budget in (LEAST, 10 * LEAST)]
    assert ends[0].bits == BITS and ends[0].bytes == LEAST
    assert set(ends[1].bits.values()) == {16} and ends[1].bytes == weight_bytes(SMALL, ends[1].bits)
    budget = LEAST + (ends[1].bytes - LEAST) // 3
    outcome = spend(SMALL, state, IMAGES[:1], BITS, budget)
    assert outcome == spend(SMALL, state, IMAGES[:1], BITS, budget)
    assert outcome.bytes == weight_bytes(SMALL, outcome.bits) <= budget
    worth = [choice.noise / choice.bytes for choice in outcome.choices]
    assert worth == sorted(worth, reverse=True)
    left, reason = budget - LEAST, 0
    for choice in outcome.choices:
        assert choice.bytes == layer_bytes(SMALL, choice.layers)
        assert choice.taken == (choice.bytes <= left)
        left -= choice.bytes if choice.taken else 0
        reason += choice.taken
    assert 0 < reason < len(outcome.choices) == len(groups(SMALL)) - 1


def test_the_layer_that_hurts_most_is_found() -> None:
    """One whose rows have an outlier each, so that int8 leaves the rest of them hardly any bits."""
    state = {name: tensor.copy() for name, tensor in state_of().items()}
    state["blocks.0.attn.proj.weight"][:, 0] *= 60
    size = layer_bytes(SMALL, ["blocks.0.attn.proj"])
    outcome = spend(SMALL, state, IMAGES[:2], BITS, LEAST + size)
    assert outcome.choices[0].layers == ("blocks.0.attn.proj",) and outcome.choices[0].taken


def test_what_is_bought_is_worth_it() -> None:
    """More than the same bytes spent from the other end."""
    budget = LEAST + (weight_bytes(SMALL, dict.fromkeys(BITS, 16)) - LEAST) // 2
    made = make_package(SMALL, state_of(), ranges_of(), Recipe(budget=budget), images=IMAGES)
    assert made.spent is not None and made.spent.bytes <= budget
    taken = [name for choice in made.spent.choices if choice.taken for name in choice.layers]
    assert {name for name, bits in made.package.provenance["calibration"]["weight_bits"].items() if bits == 16} == {
        "patch_embed", *taken
    }  # fmt: skip
    worst: list[tuple[str, int]] = []
    spent = LEAST
    for choice in reversed(made.spent.choices):
        if spent + choice.bytes <= budget:
            spent += choice.bytes
            worst += [(name, 16) for name in choice.layers]
    other = make_package(SMALL, state_of(), ranges_of(), Recipe(weights=tuple(worst))).package
    good, bad = (features_sqnr(package, state_of(), UNSEEN) for package in (made.package, other))
    assert good > bad + 1


@pytest.mark.parametrize(
    ("images", "budget", "said"),
    [
        (IMAGES[:1], LEAST - 1, f"A budget of {LEAST - 1:,} bytes is less than the {LEAST:,} that"),
        ([], LEAST, "give --calibration FOLDER, not only --ranges"),
    ],
    ids=["too little", "no images"],
)
def test_budgets_that_cannot_be_spent(images: list[np.ndarray], budget: int, said: str) -> None:
    with pytest.raises(UserError, match=said):
        spend(SMALL, state_of(), images, BITS, budget)
