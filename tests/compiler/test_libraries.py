# SPDX-License-Identifier: Apache-2.0
"""Libraries that the compiler keeps: damage of any kind is seen, told and mended."""

from collections.abc import Callable
from pathlib import Path

import pytest

from edgemoe.compiler.libraries import is_whole, keep

ENDLESS = Path("/dev/zero")
WAYS: dict[str, Callable[[Path], object]] = {
    "empty": lambda f: f.write_bytes(b""),
    "cut off": lambda f: f.write_bytes(f.read_bytes()[:9]),
    "changed": lambda f: f.write_bytes(b"?" + f.read_bytes()[1:]),
    "no text": lambda f: f.write_bytes(b"\xff\xfe"),
    "a folder": lambda f: (f.unlink(), f.mkdir(), (f / "x").write_text("")),
    "a device without end": lambda f: (f.unlink(), f.symlink_to(ENDLESS)),
    "a link into nothing": lambda f: (f.unlink(), f.symlink_to("nowhere")),
    "a link to itself": lambda f: (f.unlink(), f.symlink_to(f.name)),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", ["top.so", "top.so.sha256"])
def test_damage_is_seen_told_and_mended(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], way: str, name: str
) -> None:
    made, library = tmp_path / "made.so", tmp_path / "cache" / "top.so"
    made.write_bytes(bytes(range(200)))
    library.parent.mkdir()
    assert not is_whole(library) and is_whole(keep(made, library))
    assert capsys.readouterr().err == ""
    WAYS[way](library.with_name(name))
    assert not is_whole(library)
    assert f"note: {library} is damaged" in capsys.readouterr().err
    assert is_whole(keep(made, library)) and library.read_bytes() == made.read_bytes()
    assert ENDLESS.is_char_device() and len(list(library.parent.iterdir())) == 2
