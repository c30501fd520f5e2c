# SPDX-License-Identifier: Apache-2.0
"""One result type for every back end; what a package needs on a build is made once."""

import numpy as np
import pytest
from small import small

from edgemoe.backends import Csim, Golden, open_backend
from edgemoe.config import TASKS, board
from edgemoe.errors import UserError
from edgemoe.golden.random_package import random_package
from edgemoe.program import Run, Workload, workload

BUILD = board("sim-small")


@pytest.fixture
def ready() -> Workload:
    return Workload(random_package(small(), 3), BUILD)


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of what was built, a word each time."""
    names: list[str] = []
    for name in ("build_program", "pack_weights"):
        build = getattr(workload, name)

        def counted(*arguments: object, _build=build, _name=name, **options: object) -> object:
            names.append(_name)
            return _build(*arguments, **options)

        monkeypatch.setattr(workload, name, counted)
    return names


def test_weights_and_programs_are_built_once(ready: Workload, made: list[str]) -> None:
    """However many images, tasks and back ends share them."""
    pixels = np.zeros((16, 32, 3), np.uint8)
    for backend in (Golden(ready), Golden(ready), Csim(ready)):
        for task in TASKS:
            for _ in range(2):
                backend.run(pixels, task)
    assert sorted(made) == ["build_program", "build_program", "pack_weights"]


def test_other_options_are_another_program(ready: Workload, made: list[str]) -> None:
    programs = [ready.program("depth"), ready.program("depth", taps=True), ready.program("segmentation")]
    assert len({id(program) for program in programs}) == 3
    assert made.count("pack_weights") == 1


def test_back_ends_give_the_same_kind_of_result(ready: Workload) -> None:
    pixels = np.random.default_rng(5).integers(0, 256, (16, 32, 3), np.uint8)
    ours, theirs = (open_backend(name, ready).run(pixels, "depth") for name in ("csim", "golden"))
    assert type(ours) is type(theirs) is Run
    assert ours.output == theirs.output
    assert np.array_equal(ours.features, theirs.features) and np.array_equal(ours.head, theirs.head)


def test_a_back_end_that_there_is_not(ready: Workload) -> None:
    with pytest.raises(UserError, match="'abacus'; for any workload there are golden, csim and rtl"):
        open_backend("abacus", ready)
