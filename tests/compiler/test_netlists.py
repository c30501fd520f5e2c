# SPDX-License-Identifier: Apache-2.0
"""What synthesis sees is what was verified: netlists of some programs here, of all by `make netlists`."""

from __future__ import annotations

from pathlib import Path

import pytest
from netlists.check import check
from netlists.subjects import subjects

pytestmark = pytest.mark.slow
#: Whose netlists Yosys makes within seconds: loops, division by states, memories, initial words, a unit.
QUICK = ("programs/biquad", "programs/collatz", "programs/histogram", "language/statics", "kernels/gelu")


def test_netlists_as_native(tmp_path: Path) -> None:
    everything = subjects()
    made = check([everything[name] for name in QUICK], tmp_path)
    for net in made.values():
        assert net.gates > 500 and net.flip_flops > 200, "synthesis leaves something"
    assert made["kernels/gelu"].memories == 1, "a table stays one"
    assert made["kernels/gelu"].multipliers == 2, "as wide multipliers do"
