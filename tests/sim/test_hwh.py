# SPDX-License-Identifier: Apache-2.0
"""The hardware description: what PYNQ reads from it, and that bitstreams/ is up to date."""

from pathlib import Path

import pytest

from edgemoe.config import BOARDS, board
from edgemoe.registers import IP_NAME, IP_VLNV, REGISTERS

pytest.importorskip("pynq")
from pynqmetadata.frontends import Metadata
from pynqmetadata.views.runtime import RuntimeMetadataParser

from edgemoe.sim.describe import description_files

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("name", sorted(BOARDS))
def test_bitstreams_folder_is_up_to_date(name: str) -> None:
    """If this fails: python -m edgemoe.sim.describe"""
    for file, text in description_files(board(name)).items():
        assert (ROOT / "bitstreams" / name / file).read_text() == text


def test_pynq_sees_every_register() -> None:
    parser = RuntimeMetadataParser(Metadata(input=str(ROOT / "bitstreams" / "sim-small" / "edgemoe.hwh")))
    ip = parser.ip_dict[IP_NAME]
    assert ip["type"] == IP_VLNV
    seen = {name: (entry["address_offset"], entry["access"]) for name, entry in ip["registers"].items()}
    for register in REGISTERS:
        access = "read-write" if register.writable else "read-only"
        if register.bits == 64:
            assert seen[f"{register.name}_1"] == (register.offset, access)
            assert seen[f"{register.name}_2"] == (register.offset + 4, access)
        else:
            assert seen[register.name] == (register.offset, access)
    assert ip["registers"]["CTRL"]["fields"]["AP_DONE"]["bit_offset"] == 1
    assert parser.interrupt_pins[f"{IP_NAME}/interrupt"]["controller"] == "axi_intc_0"
