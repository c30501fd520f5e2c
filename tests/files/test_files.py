# SPDX-License-Identifier: Apache-2.0
"""What is opened, and what is written: regular files only, whole or not at all, nothing of the user's lost."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import numpy as np
import pytest

from edgemoe.arrays import read_npy, read_npz
from edgemoe.errors import UserError, printable, shown
from edgemoe.files import check_target, open_regular, parse_json, read_regular, replacing, write


def ours(path: Path) -> None:
    if not path.read_bytes().startswith(b"ours"):
        raise UserError(f"{path} is not ours.")


def test_a_name_with_a_null_byte_is_a_message(tmp_path: Path) -> None:
    path = Path(f"{tmp_path}/a\0b")
    with pytest.raises(UserError, match=r"a\\x00b can't be read: embedded null byte"):
        read_regular(path, "File", 10)
    with pytest.raises(UserError, match="can't be written"):
        check_target(path, "File", ours)


def test_a_file_that_may_not_be_read_is_a_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As root, every file may be read: the system's answer is made up."""

    def refuse(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    (tmp_path / "x").write_bytes(b"abc")
    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(UserError, match=r"File .*x can't be read: Permission denied\."):
        read_regular(tmp_path / "x", "File", 10)


def test_a_file_that_becomes_a_pipe_does_not_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the look at its kind and its opening."""
    os.mkfifo(tmp_path / "x")
    monkeypatch.setattr("edgemoe.files.check_regular", lambda *_: None)
    with pytest.raises(UserError, match="not a regular file any more"):
        read_regular(tmp_path / "x", "File", 10)


def test_a_disk_that_fails_is_a_message(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"abc")
    with pytest.raises(UserError, match="Input/output error"), open_regular(tmp_path / "x", "File"):
        raise OSError(5, "Input/output error")


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "x").open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(UserError, match="larger than 100 bytes"):
        read_regular(tmp_path / "x", "File", 100)


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "x"
    write(path, "old")
    with pytest.raises(KeyError), replacing(path, "File") as part:
        part.write_text("half")
        raise KeyError("a defect")
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]


def test_what_a_killed_run_left_is_removed(tmp_path: Path) -> None:
    with subprocess.Popen(["true"]) as gone:
        pass
    left, other = tmp_path / f".x.{gone.pid}.part", tmp_path / f".x.{os.getppid()}.part"
    left.write_text("half")
    other.write_text("a run that goes on")
    write(tmp_path / "x", "new")
    assert sorted(tmp_path.iterdir()) == [other, tmp_path / "x"]


def test_only_what_is_ours_is_replaced(tmp_path: Path) -> None:
    check_target(tmp_path / "new" / "deep" / "x", "File", ours)
    (tmp_path / "x").write_text("ours, too")
    check_target(tmp_path / "x", "File", ours)
    (tmp_path / "empty").touch()
    check_target(tmp_path / "empty", "File", ours)
    (tmp_path / "y").write_text("the user's")
    for path, said in (
        (tmp_path / "y", "this command did not make"),
        (tmp_path, "not a regular file"),
        (Path("/dev/null"), "not a regular file"),
        (tmp_path / "y" / "z", "Not a directory"),
        (tmp_path / ("n" * 300), "File name too long"),
    ):
        with pytest.raises(UserError, match=said):
            check_target(path, "File", ours)


def test_json_is_the_standards() -> None:
    assert parse_json('{"a": [1, 2.5, null]}', "it") == {"a": [1, 2.5, None]}
    for text, said in (
        ("{", "can't be read"),
        (b"\xff", "can't be read"),
        ("NaN", "NaN is no number"),
        ("[Infinity]", "Infinity is no number"),
        ('{"a": 1, "b": {"c": 1, "c": 2}}', "'c' occurs twice"),
        ("[" * 100_000, "nested too deeply"),
        ("9" * 5000, "can't be read"),
    ):
        with pytest.raises(UserError, match=f"^it: .*{said}"):
            parse_json(text, "it")


def test_messages_can_be_printed() -> None:
    assert printable("7×7 – é\n\tα") == "7×7 – é\n\tα"
    assert printable("\x1b[2J \ud800 \udcff \u202e \0") == "\\x1b[2J \\ud800 \\udcff \\u202e \\x00"
    assert shown("a\nb") == "'a\\nb'" and shown(10**5000) == "an integer of 16610 bits"
    assert len(shown("x" * 1000)) < 200 and shown(MemoryError()) == "MemoryError"
    nested: list[object] = []
    for _ in range(100_000):
        nested = [nested]
    assert shown(nested) == "a list"
    assert str(UserError("\ud800")) == "\\ud800"


def test_arrays_are_checked_before_they_are_made(tmp_path: Path) -> None:
    for order in "CF":
        array = np.asarray(np.arange(6, dtype=np.float32).reshape(2, 3), order=order)
        np.save(tmp_path / "a.npy", array)
        np.testing.assert_array_equal(read_npy(tmp_path / "a.npy", "Array", (2, 3), "f"), array)
    for wrong, kinds, said in (((3, 2), "f", "shape"), ((2, 3), "iu", "dtype 'float32', expected whole")):
        with pytest.raises(UserError, match=said):
            read_npy(tmp_path / "a.npy", "Array", wrong, kinds)
    np.save(tmp_path / "o.npy", np.array([[None] * 3] * 2), allow_pickle=True)
    with pytest.raises(UserError, match="dtype 'object'"):
        read_npy(tmp_path / "o.npy", "Array", (2, 3), "f")


def test_a_bomb_of_an_archive_is_refused(tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / "p.npz", label=np.zeros(1 << 24, np.uint8))
    with pytest.raises(UserError, match="larger than"):
        read_npz(tmp_path / "p.npz", "Prior", {"label": ((64, 128), "iu")})


def test_too_little_room_shows_before_the_work(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="Free some room"):
        check_target(tmp_path / "new" / "x", "Thing", lambda _: None, need_bytes=1 << 60)
    assert not list(tmp_path.iterdir())
