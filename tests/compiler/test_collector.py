# SPDX-License-Identifier: Apache-2.0
"""The search for unreachable cycles: it waits for a compile, goes on behind it, and misses nothing."""

import gc
import weakref

import pytest

from edgemoe.compiler.collector import at_rest


class _Knot:
    """An object that only the search can take away."""

    def __init__(self) -> None:
        self.itself = self


def test_the_search_goes_on_after_an_error() -> None:
    with pytest.raises(ValueError, match="x"), at_rest():
        assert not gc.isenabled()
        raise ValueError("x")
    assert gc.isenabled()


def test_who_turned_it_off_keeps_it_off() -> None:
    gc.disable()
    try:
        with at_rest():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()


@pytest.mark.parametrize("objects", [0, 100_000])
def test_what_one_compile_leaves_the_next_one_finds(objects: int) -> None:
    with at_rest():
        knot = weakref.ref(_Knot())
        kept = [[k] for k in range(objects)]
    if objects:
        assert knot() is not None, "a large compile ends with a search"
        with at_rest():
            pass
    else:
        gc.collect()
    assert knot() is None
    assert len(kept) == objects
