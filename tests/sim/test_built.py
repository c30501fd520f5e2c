# SPDX-License-Identifier: Apache-2.0
"""Built things that were damaged are built again; what a killed build left is removed."""

import fcntl
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from edgemoe.built import MANIFEST, find_damage, kept
from edgemoe.config import write_if_changed
from edgemoe.errors import UserError
from edgemoe.sim.arena import Arena
from edgemoe.sim.verilate import VerilatedLibrary, verilate
from edgemoe.sim.verilated import VerilatedDesign

FIXTURES = Path(__file__).parent / "fixtures"


def make(folder: Path) -> None:
    """An entry of three files."""
    (folder / "seconds.txt").write_text("1.5\n")
    (folder / "masters.txt").write_text("gmem0\n")
    (folder / "deep").mkdir()
    (folder / "deep" / "libsimulation.so").write_bytes(bytes(range(256)) * 100)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def _truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:10])


DAMAGES: dict[str, Callable[[Path], object]] = {
    "library cut off": lambda e: _truncate(e / "deep/libsimulation.so"),
    "library changed": lambda e: (e / "deep/libsimulation.so").write_bytes(bytes(25600)),
    "library missing": lambda e: (e / "deep/libsimulation.so").unlink(),
    "folder in the library's place": lambda e: ((e / "masters.txt").unlink(), (e / "masters.txt").mkdir()),
    "text empty": lambda e: (e / "seconds.txt").write_text(""),
    "text changed": lambda e: (e / "masters.txt").write_text("gmem1\n"),
    "half deleted": lambda e: (shutil.rmtree(e / "deep"), (e / MANIFEST).unlink()),
    "sums missing": lambda e: (e / MANIFEST).unlink(),
    "sums empty": lambda e: (e / MANIFEST).write_text(""),
    "sums of another kind": lambda e: (e / MANIFEST).write_text("[1, 2]"),
    "sums are binary": lambda e: (e / MANIFEST).write_bytes(b"\xff\xfe"),
    "sums without end": lambda e: ((e / MANIFEST).unlink(), (e / MANIFEST).symlink_to("/dev/zero")),
    "empty folder": lambda e: (shutil.rmtree(e), e.mkdir()),
    "a file in its place": lambda e: (shutil.rmtree(e), e.write_text("x")),
    "a link into nothing": lambda e: (shutil.rmtree(e), e.symlink_to("nowhere")),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_seen_told_and_mended(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], damage: str
) -> None:
    entry = kept(tmp_path / "entry", make)
    whole = contents(entry)
    assert capsys.readouterr().err == ""
    DAMAGES[damage](entry)
    assert contents(kept(tmp_path / "entry", make)) == whole
    assert f"note: {entry} is damaged" in capsys.readouterr().err
    kept(tmp_path / "entry", lambda folder: pytest.fail("a whole entry is not made again"))
    assert capsys.readouterr().err == ""


def test_a_build_that_fails_leaves_nothing(tmp_path: Path) -> None:
    def fail(folder: Path) -> None:
        make(folder)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        kept(tmp_path / "entry", fail)
    assert [path.name for path in tmp_path.iterdir()] == [".entry.lock"]
    kept(tmp_path / "entry", make)


def test_leftovers_of_killed_builds_go(tmp_path: Path) -> None:
    """Those of this entry and of others, but none that is at work, and nothing that is not ours."""
    code = (
        "import os, signal, sys; from pathlib import Path; from edgemoe.built import kept\n"
        "kept(Path(sys.argv[1]), lambda folder: os.kill(os.getpid(), signal.SIGKILL))"
    )
    done = subprocess.run([sys.executable, "-c", code, tmp_path / "other-1234"], check=False)
    assert done.returncode == -9
    busy, foreign, own = (tmp_path / f".{name}-abcdefgh" for name in ("busy", "mine", "entry"))
    for folder in (busy, foreign, own):
        folder.mkdir()
    assert len(list(tmp_path.glob(".*-????????"))) == 4
    with (tmp_path / ".busy.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        kept(tmp_path / "entry", make)
    assert set(tmp_path.glob(".*-????????")) == {busy, foreign}


def test_where_nothing_can_be_built(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / ".locked.lock").mkdir()
    for place in (tmp_path / "file" / "entry", tmp_path / "file" / "deep" / "entry", tmp_path / "locked"):
        with pytest.raises(UserError, match="Nothing can be built in"):
            kept(place, make)


def test_links_into_nothing_are_no_entry(tmp_path: Path) -> None:
    assert find_damage(tmp_path / "none") is None


def test_a_damaged_header_is_written_again(tmp_path: Path) -> None:
    """Whole at once, and in the place of a link, not through it."""
    header, mine = tmp_path / "new" / "a.hpp", tmp_path / "mine"
    mine.write_text("of the user")
    for damage in (
        lambda: None,
        lambda: header.write_bytes(b""),
        lambda: header.write_bytes(b"\xff\xfe"),
        lambda: (header.unlink(), header.symlink_to("/dev/zero")),
        lambda: (header.unlink(), header.symlink_to(mine)),
    ):
        damage()
        write_if_changed(header, "// é\n")
        assert header.read_bytes() == "// é\n".encode() and not header.is_symlink()
    written = header.stat().st_mtime_ns
    write_if_changed(header, "// é\n")
    assert header.stat().st_mtime_ns == written and mine.read_text() == "of the user"
    assert [path.name for path in header.parent.iterdir()] == ["a.hpp"]
    header.unlink()
    header.mkdir()
    with pytest.raises(UserError, match="a folder in the place of the generated file"):
        write_if_changed(header, "")


@pytest.mark.slow
def test_a_cut_off_simulation_is_built_again(
    copier_library: VerilatedLibrary, tmp_path: Path, arena: Arena, capsys: pytest.CaptureFixture[str]
) -> None:
    """The loader would end the interpreter with a bus error."""
    entry = tmp_path / copier_library.path.parent.name
    shutil.copytree(copier_library.path.parent, entry)
    _truncate(entry / "libsimulation.so")
    (entry / "masters.txt").write_text("")
    again = verilate([FIXTURES / "copier.sv"], "copier", optimise="-O1", cache=tmp_path)
    assert again.path.parent == entry and again.ports == ("gmem0",)
    assert f"note: {entry} is damaged" in capsys.readouterr().err
    with VerilatedDesign(again.path, arena) as design:
        assert design.read(0) == 4
