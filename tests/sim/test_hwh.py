# SPDX-License-Identifier: Apache-2.0
"""The hardware description that bitstreams/ shows, as PYNQ and the driver read it."""

from pathlib import Path

import pytest

from edgemoe.errors import DeviceError
from edgemoe.registers import INPUTS, IP_NAME, IP_VLNV, OUTPUTS, REGISTERS
from edgemoe.runtime.register_map import register_offsets
from edgemoe.sim.build import accelerator_ip
from edgemoe.sim.description import read_description

ROOT = Path(__file__).resolve().parents[2]
DESCRIPTION = ROOT / "bitstreams" / "sim-small" / "edgemoe.hwh"


def test_pynq_sees_every_register() -> None:
    parser = read_description(DESCRIPTION)
    ip = parser.ip_dict[IP_NAME]
    assert ip["type"] == IP_VLNV
    assert ip["registers"]["CTRL"]["fields"]["AP_DONE"]["bit_offset"] == 1
    assert parser.interrupt_pins[f"{IP_NAME}/interrupt"]["controller"] == "axi_intc_0"
    names = {r.name for r in REGISTERS if r.bits == 32}
    names |= {f"{r.name}_{half}" for r in REGISTERS if r.bits == 64 for half in (1, 2)}
    assert set(ip["registers"]) == names


def test_registers_do_not_overlap() -> None:
    offsets = register_offsets(read_description(DESCRIPTION).ip_dict[IP_NAME])
    words = [offsets[r.name] + i for r in REGISTERS for i in range(0, r.bits // 8, 4)]
    assert len(set(words)) == len(words)
    assert max(words) < 0x1000


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"name": "other"}, "'status', 32, False.*'other', 32, False"),
        ({"width": 16}, "'status', 16, False"),
        ({"writable": True}, "'status', 32, True"),
        (None, "has None"),
    ],
)
def test_kernels_that_differ_from_the_agreement_are_refused(change: dict | None, words: str) -> None:
    """Another name, width or direction in the compiler's report, or an argument too few."""
    arguments = [
        {"name": r.name, "offset": 16 * (i + 1), "width": r.bits, "writable": r.writable}
        for i, r in enumerate((*INPUTS, *OUTPUTS))
    ]
    report = {"control": [], "registers": arguments, "masters": [], "streams": []}
    accelerator_ip(report)
    if change is None:
        arguments.pop()
    else:
        next(a for a in arguments if a["name"] == "status").update(change)
    with pytest.raises(DeviceError, match=words):
        accelerator_ip(report)
