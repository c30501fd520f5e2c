# SPDX-License-Identifier: Apache-2.0
"""Hardware descriptions that are none: each is refused in one sentence that names the file."""

import os
from pathlib import Path

import pytest

from edgemoe.errors import UserError
from edgemoe.sim.description import read_description

ROOT = Path(__file__).resolve().parents[2]
GOOD = (ROOT / "bitstreams" / "sim-small" / "edgemoe.hwh").read_text()
BOMB = (
    '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "bbbb"><!ENTITY c "&b;&b;&b;">]>'
    "<EDKSYSTEM><MODULES><MODULE>&c;</MODULE></MODULES></EDKSYSTEM>"
)
BAD = {
    "empty": ("", "it is empty"),
    "blank": ("\n \n", "it is empty"),
    "cut off": (GOOD[: len(GOOD) // 2], "not XML, or cut off"),
    "text": ("no description", "not XML"),
    "binary": ("\0" * 512, "not XML"),
    "other XML": ("<html><body/></html>", "outermost element is 'html'"),
    "no modules": ("<EDKSYSTEM/>", "expected EDKSYSTEM with MODULES"),
    "empty module": ("<EDKSYSTEM><MODULES><MODULE/></MODULES></EDKSYSTEM>", "incomplete or damaged"),
    "entity bomb": (BOMB, "document type declaration"),
    "deep": ("<a>" * 200_000, "more than 100 deep"),
    "unknown encoding": ('<?xml version="1.0" encoding="rot13"?><EDKSYSTEM/>', "encoding"),
    "no processing system": (GOOD.replace("zynq_ultra_ps_e", "other"), "incomplete or damaged"),
    "register beyond its block": (
        GOOD.replace('"ADDRESS_OFFSET" VALUE="4"', '"ADDRESS_OFFSET" VALUE="65536"'),
        "register GIER of accelerator has 32 bits at offset 0x10000",
    ),
    "clock of no frequency": (
        GOOD.replace('FREQMHZ" VALUE="200"', 'FREQMHZ" VALUE="inf"'),
        "clock 0 runs at inf MHz",
    ),
    "shared addresses": (
        GOOD.replace("0xA0010000", "0xA0000000").replace("0xA001FFFF", "0xA000FFFF"),
        "share addresses from 0xa0000000",
    ),
}


@pytest.mark.parametrize("kind", BAD)
def test_bad_descriptions_are_refused(kind: str, tmp_path: Path) -> None:
    text, words = BAD[kind]
    path = tmp_path / "bad.hwh"
    path.write_text(text)
    with pytest.raises(UserError, match=words) as caught:
        read_description(path)
    assert str(path) in str(caught.value)
    assert "make cosim" in str(caught.value)


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    """A pipe is not waited for, a device not read to its end."""
    pipe = tmp_path / "pipe.hwh"
    os.mkfifo(pipe)
    endless = tmp_path / "endless.hwh"
    endless.symlink_to("/dev/zero")
    huge = tmp_path / "huge.hwh"
    with huge.open("wb") as file:
        file.truncate(40 << 20)
    for path, words in ((tmp_path, "a folder"), (pipe, "a device"), (endless, "a device"), (huge, "bytes")):
        with pytest.raises(UserError, match=words):
            read_description(path)
    for path in (tmp_path / "none.hwh", tmp_path / ("x" * 300), huge / "inside.hwh"):
        with pytest.raises(UserError, match="hardware description"):
            read_description(path)


def test_a_good_description_is_read(tmp_path: Path) -> None:
    for encoding in ("utf-8", "utf-16"):
        path = tmp_path / f"{encoding}.hwh"
        path.write_text(GOOD.replace("UTF-8", encoding.upper()), encoding=encoding)
        assert read_description(path).ip_dict["accelerator"]["phys_addr"] == 0xA0000000
