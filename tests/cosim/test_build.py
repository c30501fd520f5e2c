# SPDX-License-Identifier: Apache-2.0
"""What the compiler says of the accelerator that the tests run."""

import json
from pathlib import Path

import pytest

from edgemoe.config import BuildConfig
from edgemoe.registers import IP_NAME
from edgemoe.runtime.register_map import register_offsets
from edgemoe.sim.build import Rtl, compile_rtl
from edgemoe.sim.description import read_description


@pytest.fixture(scope="module")
def rtl_report(build: BuildConfig) -> Rtl:
    return compile_rtl(build)


def test_the_driver_s_registers_are_the_compiler_s(rtl_report: Rtl, overlay: Path) -> None:
    """From the report through the overlay's description to the driver: every offset is the compiler's."""
    description = read_description(overlay.with_suffix(".hwh")).ip_dict[IP_NAME]
    expected = {r["name"]: r["offset"] for r in rtl_report.report["control"]}
    expected |= {r["name"]: r["offset"] for r in rtl_report.report["registers"]}
    assert register_offsets(description) == expected


def test_there_is_one_array(rtl_report: Rtl, build: BuildConfig) -> None:
    """One loop has the 256 multipliers, at one step a cycle; no other has a fifth of them.

    The report gives a loop that is not pipelined the multipliers of the loops inside it.
    """
    pipelined = [loop for loop in rtl_report.report["loops"] if loop["pipelined"]]
    loops = sorted(pipelined, key=lambda loop: -loop["multipliers"])
    array, others = loops[0], loops[1:]
    assert array["source"].startswith("engine.hpp")
    assert array["multipliers"] >= build.macs
    assert array["ii"] == 1
    assert all(loop["multipliers"] < build.macs // 5 for loop in others), [
        (loop["source"], loop["multipliers"]) for loop in others
    ]


def test_overlay_says_that_it_is_no_bitstream(overlay: Path) -> None:
    assert "This is not a bitstream" in overlay.read_text()
    manifest = json.loads(overlay.with_name("overlay.json").read_text())
    assert manifest["bitstream"].startswith("none")
