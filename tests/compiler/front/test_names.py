# SPDX-License-Identifier: Apache-2.0
"""Names that clang and LLVM made, read back."""

from __future__ import annotations

import pytest

from edgemoe.compiler.frontend.intrinsics import Intrinsic, intrinsic
from edgemoe.compiler.frontend.names import hardware_name, identifier, parameter, source_name, variable


@pytest.mark.parametrize(
    ("callee", "meaning"),
    [
        ("_Z15__hls_fifo_readIDU32_ET_PKv", Intrinsic("fifo_read", (), 32)),
        ("_Z16__hls_fifo_emptyIDU256_EbPKv.v", Intrinsic("fifo_empty", (), 256)),
        ("_Z16__hls_fifo_writeIbEvPKvT_", Intrinsic("fifo_write", (), 1)),
        ("_Z16__hls_chan_writeILi3EDU512_EvmT0_", Intrinsic("chan_write", (3,), 512)),
        ("_Z13__hls_blk_acqILi1ELi16ELi4ELi8EEbPKv", Intrinsic("blk_acq", (1, 16, 4, 8), 1)),
        ("_Z9__hls_argILi12EDU7_ET0_v", Intrinsic("arg", (12,), 7)),
        ("_Z9__hls_retIDU7_EvPKvT_", Intrinsic("ret")),
        ("__hls_cycle_count", Intrinsic("cycle_count", (), 32)),
        ("_Z11__hls_otherv", None),
        ("_Z3addii", None),
    ],
)
def test_intrinsics_are_known_by_their_mangled_names(callee: str, meaning: Intrinsic | None) -> None:
    assert intrinsic(callee) == meaning


@pytest.mark.parametrize(
    ("mangled", "name"),
    [
        ("_ZN7edgemoe5kSineE", "kSine"),
        ("_ZZ3topvE5table", "table"),
        ("_ZZ1fILi12EEvvE4init", "init"),
        ("_ZN1sIDU16_A16_S0_E1aE", "a"),
        ("_ZL7weights", "weights"),
        ("plain", "plain"),
        (".str.1", "_str_1"),
    ],
)
def test_a_variable_has_its_last_identifier(mangled: str, name: str) -> None:
    assert source_name(mangled) == name


def test_marks_of_clang_are_taken_off() -> None:
    assert [parameter(t) for t in ("%n", "%n.coerce", "%n.coerce0", "%n.addr", '%"a.b"')] == [
        "n",
        "n",
        "n",
        "n",
        "a.b",
    ]
    assert [variable(t) for t in ("%a", "%a.i", "%a.i3", "%a.in", "%a.sroa.0")] == [
        "a",
        "a",
        "a",
        "a.in",
        "a.sroa.0",
    ]
    assert (identifier("a.b-c"), hardware_name("compute<32, 8>"), hardware_name("operator()")) == (
        "a_b_c",
        "compute_32_8",
        "operator",
    )
