# SPDX-License-Identifier: Apache-2.0
"""Which IP is the accelerator, which build it is, and what is said of overlays that have none."""

import dataclasses
from pathlib import Path
from types import SimpleNamespace

import pynq
import pytest

import edgemoe
from edgemoe.config import BOARDS, board
from edgemoe.errors import UserError
from edgemoe.registers import IP_NAME, IP_VLNV, build_id, limits
from edgemoe.runtime import identify
from edgemoe.runtime.driver import AcceleratorIp


class Told:
    """An accelerator that tells this identity."""

    def __init__(self, number: int, words: tuple[int, ...]) -> None:
        self.identity = lambda: (number, words)


@pytest.mark.parametrize("name", BOARDS)
def test_each_board_is_known_by_its_id(name: str) -> None:
    build = BOARDS[name]
    assert identify.find_build(Told(build_id(build), limits(build))) == build


def test_no_two_boards_share_an_id() -> None:
    assert len({build_id(build) for build in BOARDS.values()}) == len(BOARDS)


def test_an_unknown_id_is_refused_with_all_that_helps() -> None:
    words = (1 | 2 << 8 | 3 << 16 | 4 << 24, 5 | 6 << 16, 7 | 8 << 16, 9 | 10 << 16)
    with pytest.raises(UserError) as caught:
        identify.find_build(Told(0x12345678, words))
    text = str(caught.value)
    assert "id 0x12345678 with rows 1, cols 2, max_experts 3, max_top_k 4, max_tokens 5, act_depth 6" in text
    assert "key_depth 7, residual_depth 8, max_k_tiles 9, max_n_tiles 10" in text
    assert "0x4030201, 0x60005, 0x80007, 0xa0009" in text
    for known in BOARDS.values():
        assert f"{build_id(known):#010x} ({known.name}: rows {known.rows}" in text
    assert "install that version, or make the overlay again" in text


@pytest.mark.parametrize("word", range(4))
def test_other_maxima_under_a_known_id_are_refused(word: int) -> None:
    build = board("sim-small")
    words = list(limits(build))
    words[word] ^= 1
    with pytest.raises(UserError, match="holds a build of id"):
        identify.find_build(Told(build_id(build), tuple(words)))


def test_a_build_of_the_own() -> None:
    own = dataclasses.replace(board("sim-small"), name="own", max_tokens=100)
    assert identify.find_build(Told(build_id(own), limits(own)), own) is own
    with pytest.raises(UserError, match="holds a build of id"):
        identify.find_build(Told(build_id(own), limits(own)))
    sim_small = board("sim-small")
    with pytest.raises(UserError, match="own: rows 32"):
        identify.find_build(Told(build_id(sim_small), limits(sim_small)), own)


def overlay(**ips: str) -> SimpleNamespace:
    return SimpleNamespace(
        ip_dict={name: {"type": kind} for name, kind in ips.items()}, bitfile_name="some.bit", device=None
    )


@pytest.mark.parametrize(
    ("ips", "name", "words"),
    [
        ({}, None, "its IPs are: none"),
        ({"dma": "xilinx.com:ip:axi_dma:7.1"}, None, r"its IPs are: dma \(xilinx.com:ip:axi_dma:7.1\)"),
        ({"a": IP_VLNV, "b": IP_VLNV}, None, r"2 accelerators; say which: name='a'. There are a, b"),
        ({"a": IP_VLNV}, "c", "no accelerator 'c'; there are a"),
        ({"a": IP_VLNV[:-3] + "9.7"}, None, f"this driver is for {IP_VLNV}. The overlay was made by another"),
    ],
)
def test_an_overlay_without_it(ips, name, words: str) -> None:
    with pytest.raises(UserError, match=words):
        identify.find_ip(overlay(**ips), name)


def test_what_is_no_overlay(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"There is no file .*none\.bit"):
        edgemoe.Accelerator(tmp_path / "none.bit")
    (tmp_path / "bare.bit").touch()
    with pytest.raises(UserError, match=r"There is no file .*bare\.hwh"):
        edgemoe.Accelerator(str(tmp_path / "bare.bit"))
    with pytest.raises(UserError, match="not a int"):
        edgemoe.Accelerator(3)


def test_an_overlay_that_is_not_loaded_any_more(golden_overlay: Path) -> None:
    first = pynq.Overlay(str(golden_overlay))
    pynq.Overlay(str(golden_overlay))
    with pytest.raises(UserError, match="is not loaded any more"):
        edgemoe.Accelerator(first)
    first.download()
    with edgemoe.Accelerator(first) as again:
        assert again.ip is first.accelerator, "settings of the driver are those of overlay.accelerator"


def test_another_register_map_is_refused(golden_overlay: Path) -> None:
    text = golden_overlay.with_suffix(".hwh").read_text()
    golden_overlay.with_suffix(".hwh").write_text(text.replace('NAME="records"', 'NAME="record"'))
    with pytest.raises(UserError, match="has no register 'records'"):
        edgemoe.Accelerator(golden_overlay)
    golden_overlay.with_suffix(".hwh").write_text(text)
    with edgemoe.Accelerator(golden_overlay) as running:
        assert isinstance(running.ip, AcceleratorIp)


def test_off_a_board(monkeypatch: pytest.MonkeyPatch, golden_overlay: Path) -> None:
    class NoDevice:
        @property
        def active_device(self):
            raise RuntimeError("No Devices Found")

    monkeypatch.setattr(pynq, "Device", NoDevice())
    with pytest.raises(UserError, match=r"PYNQ finds no device here \(No Devices Found\).*edgemoe\.sim"):
        edgemoe.Accelerator(golden_overlay)


def test_the_name_of_the_ip(golden_overlay: Path) -> None:
    with edgemoe.Accelerator(golden_overlay, name=IP_NAME) as running:
        assert running.build == board("sim-small")
