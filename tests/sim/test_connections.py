# SPDX-License-Identifier: Apache-2.0
"""A DMA of a hardware description that does not fit what is simulated is refused when the overlay is loaded."""

import json
import re
from pathlib import Path

import pynq
import pytest

from edgemoe import sim
from edgemoe.errors import UserError
from edgemoe.sim.connections import stream_ends


@pytest.fixture
def copied(streams_overlay: Path, tmp_path: Path) -> Path:
    """A copy of the overlay, to be changed."""
    manifest = json.loads((streams_overlay.parent / "overlay.json").read_text())
    for entry in manifest["simulations"].values():
        entry["library"] = str((streams_overlay.parent / entry["library"]).resolve())
    (tmp_path / "overlay.json").write_text(json.dumps(manifest))
    for suffix in (".bit", ".hwh"):
        (tmp_path / f"copy{suffix}").write_bytes(streams_overlay.with_suffix(suffix).read_bytes())
    return tmp_path / "copy.bit"


def test_the_ends_of_streams(streams_overlay: Path) -> None:
    ends = stream_ends(streams_overlay.with_suffix(".hwh"))
    assert ends["axi_dma_0", "M_AXIS_MM2S"] == ("scale_0", "s_axis_x")
    assert ends["scale_0", "m_axis_y"] == ("axi_dma_0", "S_AXIS_S2MM")
    assert ends["axi_dma_1", "M_AXIS_MM2S"] == ("total_0", "s_axis_bytes")
    assert len(ends) == 6


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ('BUSNAME="scale_0_s_axis_x" D', 'BUSNAME="nowhere" D', "connects its M_AXIS_MM2S to nothing"),
        (
            'NAME="s_axis_x"',
            'NAME="s_axis_z"',
            "connected to 's_axis_z' of scale_0, whose simulation has no such",
        ),
        ('"c_include_sg" VALUE="0"', '"c_include_sg" VALUE="1"', r"scatter/gather \(c_include_sg = 1\)"),
        ('"c_micro_dma" VALUE="0"', '"c_micro_dma" VALUE="1"', "micro mode"),
        (
            '"c_m_axi_mm2s_data_width" VALUE="32"',
            '"c_m_axi_mm2s_data_width" VALUE="48"',
            "is 48; expected one of",
        ),
        (
            '"c_m_axis_mm2s_tdata_width" VALUE="32"',
            '"c_m_axis_mm2s_tdata_width" VALUE="64"',
            "64 bits, s_axis_x .* 32",
        ),
        (
            '"c_sg_length_width" VALUE="26"',
            '"c_sg_length_width" VALUE="many"',
            "is 'many' .* expected a number",
        ),
        ('"c_sg_length_width" VALUE="26"', '"c_sg_length_width" VALUE="27"', "is 27; expected 8 to 26"),
        ('"c_include_mm2s" VALUE="1"', '"c_include_mm2s" VALUE="0"', "axi_dma_1 has neither direction"),
    ],
)
def test_what_does_not_fit_is_refused(copied: Path, before: str, after: str, words: str) -> None:
    device = sim.activate()
    description = copied.with_suffix(".hwh")
    text = description.read_text()
    assert before.removesuffix(" D") in text, before
    if before.endswith(" D"):  # one end only: the DMA's
        at = text.rindex(before.removesuffix(" D"))
        text = text[:at] + after.removesuffix(" D") + text[at + len(before) - 2 :]
    else:
        text = text.replace(before, after)
    description.write_text(text)
    with pytest.raises(UserError) as failure:
        pynq.Overlay(str(copied))
    assert re.search(words, str(failure.value)), failure.value
    device.unload()


def test_a_stream_with_three_ends(copied: Path) -> None:
    description = copied.with_suffix(".hwh")
    text = description.read_text()
    description.write_text(text.replace('BUSNAME="total_0_s_axis_bytes"', 'BUSNAME="scale_0_s_axis_x"'))
    with pytest.raises(UserError, match=r"stream scale_0_s_axis_x has 4 ends .*; expected two"):
        stream_ends(description)
