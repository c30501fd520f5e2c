# SPDX-License-Identifier: Apache-2.0
"""`edgemoe bitstream`: the folder, and Vivado in the shape of the recorder or of a script that misbehaves."""

import os
import re
import signal
import sys
import time
from pathlib import Path

import pytest

from edgemoe import cli
from edgemoe.bitstream import build
from edgemoe.config import board
from edgemoe.errors import DeviceError
from edgemoe.sim.build import compile_rtl

HERE = Path(__file__).resolve().parent


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is PATH, but for the shell: what is put there is what is installed."""
    folder = tmp_path / "tools"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:/bin:/usr/bin")
    return folder


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The RTL of sim-small in the place of every board's: it differs from theirs in the build id."""
    rtl = compile_rtl(board("sim-small"))
    monkeypatch.setattr(build, "compile_rtl", lambda *_, **__: rtl)


def _tool(folder: Path, text: str) -> None:
    path = folder / "vivado"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def _names(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


@pytest.mark.usefixtures("quick", "tools")
def test_without_vivado_all_is_ready_for_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    for _ in range(2):  # again into the same folder
        assert cli.run(["bitstream", "--board", "kv260", "--out", str(out)]) == 2
        said = capsys.readouterr().err
        assert "Vivado was not found" in said and str(out) in said
        assert "vivado -mode batch -source build.tcl" in said
        assert {"README.md", "build.tcl", "vitis_hls.tcl", "manifest.json"} <= _names(out)
        assert "rtl/accelerator/accelerator_ip.v" in _names(out)
        assert "hls/kernels/accelerator.cpp" in _names(out)


@pytest.mark.usefixtures("quick")
def test_with_vivado_it_runs(
    tools: Path, tclsh: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its arguments, the way back to the files, and a second run into the same folder."""
    _tool(
        tools,
        f'shift 7\n[ "$1" = -tclargs ] || exit 9\nshift\nexec {tclsh} {HERE}/vivado.tcl record build.tcl "$@"',
    )
    out = tmp_path / "out"
    for _ in range(2):
        assert cli.run(["bitstream", "--board", "pynq-z2", "--out", str(out), "--jobs", "3"]) == 0
        captured = capsys.readouterr()
        assert str(out / "vivado" / "edgemoe.bit") in captured.out
        assert "Vivado: started" in captured.err
    assert (out / "vivado" / "edgemoe.hwh").is_file()
    assert "--jobs" not in (out / "vivado.out").read_text()
    assert "launch_runs\timpl_1 -to_step write_bitstream -jobs 3" in re.sub(
        r"command\tlaunch_runs ", "launch_runs\t", (out / "record").read_text()
    )


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("echo licence expired; exit 7", "Vivado ended with status 7.*licence expired"),
        ("exit 1", "Vivado ended with status 1.*is empty"),
        ("exit 0", "without an error, but .* is missing"),
    ],
)
def test_what_vivado_says_is_kept(
    script: str, said: str, tools: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _tool(tools, script)
    assert cli.run(["bitstream", "--board", "zcu104", "--out", str(tmp_path / "out")]) == 3
    assert re.search(said, capsys.readouterr().err, re.DOTALL)
    assert "README.md" in _names(tmp_path / "out")


def _gone(process: int) -> bool:
    """Whether a process has ended; it may take a moment to be reaped."""
    for _ in range(50):
        status = Path(f"/proc/{process}/stat")
        if not status.exists() or status.read_text().rpartition(")")[2].split()[0] == "Z":
            return True
        time.sleep(0.1)
    return False


def test_a_run_without_end_is_stopped_and_tells_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the processes that it started."""
    monkeypatch.setattr(build, "TELL_SECONDS", 0.5)
    told: list[str] = []
    with pytest.raises(DeviceError, match=r"did not end within .* hours and was stopped") as failure:
        build.run_watched(
            ["/bin/sh", "-c", "sleep 600 & echo $! > child; echo placing; wait"],
            tmp_path,
            hours=3 / 3600,
            say=told.append,
        )
    assert "placing" in str(failure.value)
    assert any("placing" in line for line in told[1:])
    assert _gone(int((tmp_path / "child").read_text()))


def test_ctrl_c_ends_vivado_too(tmp_path: Path) -> None:
    code = (
        "from pathlib import Path; from edgemoe.bitstream.build import run_watched\n"
        f"run_watched(['/bin/sh', '-c', 'echo $$ > own; exec sleep 600'], Path({str(tmp_path)!r}), hours=1, say=print)"
    )
    child = os.posix_spawn(sys.executable, [sys.executable, "-c", code], os.environ)
    for _ in range(300):
        if (tmp_path / "own").exists() and (tmp_path / "own").read_text().strip():
            break
        time.sleep(0.1)
    os.kill(child, signal.SIGINT)
    os.waitpid(child, 0)
    assert _gone(int((tmp_path / "own").read_text()))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--board", "sim-small"], "exists in simulation only"),
        (["--board", "de10"], "No board is named 'de10'"),
        ([], "--board"),
        (["--board", "kv260", "--jobs", "0"], "--jobs"),
        (["--board", "kv260", "--hours", "nan"], "--hours"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_bad_usage(
    arguments: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["bitstream", "--out", str(tmp_path / "out"), *arguments]) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.usefixtures("quick", "tools")
def test_a_file_of_someone_else_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "build.tcl").write_text("mine")
    assert cli.run(["bitstream", "--board", "kv260", "--out", str(tmp_path / "out")]) == 2
    assert "not from an earlier run" in capsys.readouterr().err
    assert (tmp_path / "out" / "build.tcl").read_text() == "mine"
