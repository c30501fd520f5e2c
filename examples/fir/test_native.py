# SPDX-License-Identifier: Apache-2.0
"""The C++ as a program: does the kernel compute what it should? Takes a moment, so this is where most cases go."""

import numpy as np
import pytest
from filter_noise import filtered


@pytest.mark.parametrize("count", [1, 2, 7, 8, 9, 1000])
def test_as_numpy_computes_it(native, count):
    rng = np.random.default_rng(count)
    source = rng.integers(-(2**31), 2**31, count).astype(np.int32)
    target = np.zeros(count, np.int32)
    run(native, source, target)
    assert np.array_equal(target, filtered(source))


def test_a_constant_comes_through(native):
    for level in (-(2**31), -1, 0, 1, 2**31 - 1):
        source, target = np.full(20, level, np.int32), np.zeros(20, np.int32)
        result = run(native, source, target)
        assert (target[7:] == level).all()
        assert result.outputs["last"] == level % 2**32


def run(native, source, target):
    memories = {"x": source.view(np.uint8), "y": target.view(np.uint8)}
    return native.run(memories=memories, scalars={"count": len(source)})
