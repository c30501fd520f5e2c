# SPDX-License-Identifier: Apache-2.0
"""Folders that commands fill: nothing of the user's is lost, nothing is half-written, a full disk shows first."""

import errno
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from edgemoe import folders
from edgemoe.errors import UserError
from edgemoe.folders import LIST, PARTIAL, claim

NAMES = ("a.txt", "b.txt", "taps/*")


def run(out: Path, files: dict[str, str], names: tuple[str, ...] = NAMES) -> None:
    def write(work: Path) -> None:
        for name, text in files.items():
            (work / name).parent.mkdir(parents=True, exist_ok=True)
            (work / name).write_text(text)

    with claim(out, names) as folder:
        folder.fill(write)


def contents(out: Path) -> dict[str, str]:
    return {str(path.relative_to(out)): path.read_text() for path in out.rglob("*")
            if path.is_file() and path.name != LIST}  # fmt: skip


def test_the_next_run_replaces_and_removes_its_own_only(tmp_path: Path) -> None:
    out = tmp_path / "new" / "out"
    run(out, {"a.txt": "1", "b.txt": "1", "taps/x": "1"})
    (out / "notes.txt").write_text("mine")
    run(out, {"a.txt": "2"})
    assert contents(out) == {"a.txt": "2", "notes.txt": "mine"}
    assert not (out / "taps").exists()
    assert [path.name for path in out.iterdir() if path.name.startswith(".")] == [LIST]


@pytest.mark.parametrize("name", ["a.txt", "taps/x"])
def test_a_file_of_the_user_s_is_not_overwritten(tmp_path: Path, name: str) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("mine")
    with pytest.raises(UserError, match="not from an earlier run"):
        run(tmp_path, {name: "theirs"})
    assert contents(tmp_path) == {name: "mine"}


def test_a_result_that_was_edited_is_the_user_s(tmp_path: Path) -> None:
    run(tmp_path, {"a.txt": "1"})
    (tmp_path / "a.txt").write_text("edited")
    with pytest.raises(UserError, match="changed since"):
        run(tmp_path, {"a.txt": "2"})
    assert contents(tmp_path) == {"a.txt": "edited"}


def test_a_folder_in_the_way_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "a.txt").mkdir()
    with pytest.raises(UserError, match="is a folder"):
        run(tmp_path, {"a.txt": "1"})


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"files": []}', '{"files": {"a": 3}}', "[" * 100_000, "\udcff"]
)
def test_a_damaged_list_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / LIST).write_text(text, errors="surrogateescape")
    (tmp_path / "a.txt").write_text("whose?")
    with pytest.raises(UserError, match="damaged"):
        run(tmp_path, {"a.txt": "1"})
    assert contents(tmp_path) == {"a.txt": "whose?"}


def test_a_list_cannot_lead_outside(tmp_path: Path) -> None:
    victim = tmp_path / "victim.txt"
    victim.write_text("mine")
    out = tmp_path / "out"
    out.mkdir()
    files = {"../victim.txt": ["0"], str(victim): ["0"], "": ["0"]}
    (out / LIST).write_text(json.dumps({"files": files}))
    run(out, {"a.txt": "1"})
    assert victim.read_text() == "mine"


@pytest.mark.parametrize("place", ["/proc/out", "/dev/null/out", "/sys/out", "{tmp}/file", "{tmp}/file/out"])
def test_a_folder_that_cannot_be_made(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("a file")
    with pytest.raises(UserError, match=r"Folder .* can't be written to"):
        run(Path(place.format(tmp=tmp_path)), {"a.txt": "1"})
    assert (tmp_path / "file").read_text() == "a file"


def test_a_name_that_is_too_long(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="can't be written to"):
        run(tmp_path / ("x" * 300), {"a.txt": "1"})


def test_too_little_room_shows_before_the_work(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="MB free"), claim(tmp_path / "out", need_bytes=1 << 60):
        pytest.fail("the work began")
    with pytest.raises(UserError, match="MB free"), claim(tmp_path / "out", grow_bytes=1 << 60):
        pytest.fail("the work began")
    assert list(tmp_path.iterdir()) == []


def test_room_is_reserved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that says it has room and has none, as with a quota."""

    def full(*_: int) -> None:
        raise OSError(errno.EDQUOT, "Disk quota exceeded")

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(UserError, match="Free some room"), claim(tmp_path / "out"):
        pytest.fail("the work began")
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_cannot_be_written_is_rescued(tmp_path: Path) -> None:
    """The disk fills up during the run: the results go elsewhere, and the message says where."""
    out, rescue = tmp_path / "out", tmp_path / "rescue"
    run(out, {"a.txt": "old"})

    def write(work: Path) -> None:
        if work.is_relative_to(out):
            (work / "a.txt").write_text("ha")
            raise OSError(errno.ENOSPC, "No space left on device")
        (work / "a.txt").write_text("new")

    with (
        pytest.raises(UserError, match=r"No space left on device.*They are in") as caught,
        claim(out) as folder,
    ):
        folder.fill(write, rescue)
    (safe,) = rescue.iterdir()
    assert str(safe) in str(caught.value)
    assert contents(safe) == {"a.txt": "new"}
    assert contents(out) == {"a.txt": "old"}


def test_a_failed_run_leaves_no_folder(tmp_path: Path) -> None:
    with pytest.raises(KeyError), claim(tmp_path / "x" / "out"):
        raise KeyError
    assert list(tmp_path.iterdir()) == []


def test_one_run_at_a_time(tmp_path: Path) -> None:
    with claim(tmp_path), pytest.raises(UserError, match="another run"), claim(tmp_path):
        pass


def test_a_killed_run_s_leftovers_are_removed_by_the_next(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from edgemoe.folders import claim\n"
        "with claim(Path(sys.argv[1])) as folder:\n"
        "    (folder.work / 'waves.fst').write_text('half'); print('ready', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stdout.readline()
        process.kill()
    assert [path for path in tmp_path.iterdir() if path.name.startswith(PARTIAL)]
    run(tmp_path, {"a.txt": "1"})
    assert sorted(path.name for path in tmp_path.iterdir()) == [LIST, "a.txt"]


def test_a_run_killed_while_it_moves_its_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half of the files new, half old: all are still known as ours."""
    run(tmp_path, {"a.txt": "1", "b.txt": "1"})
    real, calls = Path.replace, []

    def killed(self: Path, target: Path) -> Path:
        if self.suffix == ".txt":
            calls.append(self)
            if len(calls) == 2:
                raise KeyboardInterrupt
        return real(self, target)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Path, "replace", killed)
        run(tmp_path, {"a.txt": "2", "b.txt": "2"})
    assert contents(tmp_path) == {"a.txt": "2", "b.txt": "1"}
    run(tmp_path, {"a.txt": "3", "b.txt": "3"})
    assert contents(tmp_path) == {"a.txt": "3", "b.txt": "3"}


def test_claiming_is_quick(tmp_path: Path) -> None:
    """A folder of 500 images claims 500 folders before it starts. In time of this process: others may be busy."""
    started = time.process_time()
    for i in range(100):
        with claim(tmp_path / str(i), NAMES):
            pass
    assert time.process_time() - started < 2
    assert folders.FULL
