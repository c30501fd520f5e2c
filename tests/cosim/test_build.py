# SPDX-License-Identifier: Apache-2.0
"""What the compiler says of the accelerator that the tests run."""

import json
from pathlib import Path

import pytest

from edgemoe.config import BuildConfig
from edgemoe.registers import REGISTERS
from edgemoe.sim.build import BUS_ERROR, CONTROL, Rtl, compile_rtl


@pytest.fixture(scope="module")
def rtl_report(build: BuildConfig) -> Rtl:
    return compile_rtl(build)


def test_register_map(rtl_report: Rtl) -> None:
    """The compiler laid the registers out as `edgemoe.registers` says, and added one for bus errors."""
    expected = [(r.name, r.offset, r.writable) for r in REGISTERS if r.offset >= CONTROL]
    expected.append((BUS_ERROR, REGISTERS[-1].offset + 16, False))
    made = [(r["name"], r["offset"], r["writable"]) for r in rtl_report.report["registers"]]
    assert made == expected


def test_there_is_one_array(rtl_report: Rtl, build: BuildConfig) -> None:
    """One loop has the 256 multipliers, at one step a cycle; no other loop has a tenth of them."""
    loops = sorted(rtl_report.report["loops"], key=lambda loop: -loop["multipliers"])
    array, others = loops[0], loops[1:]
    assert array["source"].startswith("engine.hpp")
    assert array["multipliers"] >= build.macs
    assert array["ii"] == 1
    assert all(loop["multipliers"] < build.macs // 10 for loop in others), [
        (loop["source"], loop["multipliers"]) for loop in others
    ]


def test_overlay_says_that_it_is_no_bitstream(overlay: Path) -> None:
    assert "This is not a bitstream" in overlay.read_text()
    manifest = json.loads(overlay.with_name("overlay.json").read_text())
    assert manifest["bitstream"].startswith("none")
