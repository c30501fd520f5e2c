# SPDX-License-Identifier: Apache-2.0
"""Exit statuses and messages of the command line."""

import errno
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from edgemoe import cli
from edgemoe.cli.group import commands
from edgemoe.errors import DeviceError, MismatchError, UserError

COMMANDS = [
    "bench",
    "bitstream",
    "board-test",
    "cosim",
    "demo",
    "dense",
    "eval",
    "import",
    "infer",
    "inspect",
    "mutate",
    "onnx",
    "quantize",
    "random-package",
    "scenes",
    "synth",
    "train",
]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run([name, "--help"]) == 0
    assert f"Usage: edgemoe {name}" in capsys.readouterr().out


def test_no_command_is_missing_from_the_list() -> None:
    assert sorted(commands.commands) == COMMANDS


@pytest.mark.parametrize(
    "arguments",
    [
        ["bench"],
        ["eval", "x.safetensors", "--data", ".", "--backend", "torch"],
    ],
    ids=lambda arguments: " ".join(arguments),
)
def test_what_is_not_built_says_so(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(arguments) == 2
    message = capsys.readouterr().err
    assert "is not built yet" in message
    assert "Traceback" not in message


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nothing"], "No such command"),
        (["infer"], "--backend"),
        (["infer", "--backend", "abacus"], "abacus"),
        (["cosim", "--task", "sleep"], "sleep"),
        (["synth", "kernel.cpp"], "--top"),
        (["synth", "--clock-ns", "-1"], "positive"),
        (["synth", "no-such.cpp", "--top", "x"], "no-such.cpp"),
        (["cosim", "--image", "a.png", "--images", "b"], "not both"),
        (["cosim", "--board", "moon"], "moon"),
        (["cosim", "--image", "no-such.png"], "no-such.png"),
        (["cosim", "--model", "no-such.safetensors"], "no-such.safetensors"),
        (["inspect", "no-such.safetensors"], "no-such.safetensors"),
        (["scenes", "--count", "0"], "0"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_bad_usage_is_one_message(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(arguments) == 2
    captured = capsys.readouterr()
    assert said in captured.err
    assert "Traceback" not in captured.err


@pytest.mark.parametrize(
    ("error", "status"), [(MismatchError("m"), 1), (UserError("u"), 2), (DeviceError("d"), 3)]
)
def test_each_error_has_its_status(
    error: Exception, status: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> None:
        raise error

    monkeypatch.setitem(commands.commands, "bench", click.Command("bench", callback=fail))
    assert cli.run(["bench"]) == status
    assert capsys.readouterr().err == f"edgemoe: {error}\n"


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> Callable[[BaseException], None]:
    """Makes `edgemoe bench` raise."""

    def raising(error: BaseException) -> None:
        def fail() -> None:
            raise error

        monkeypatch.setitem(commands.commands, "bench", click.Command("bench", callback=fail))

    return raising


@pytest.mark.parametrize(
    "error", [KeyError("a defect"), RecursionError(), AssertionError("no"), OSError(5, "I/O")]
)
def test_a_fault_of_the_program_is_70_with_a_file_to_report(
    error: Exception,
    command: Callable[[BaseException], None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """One line, no traceback on the terminal; the file it names has it."""
    monkeypatch.setenv("EDGEMOE_BUILD", str(tmp_path))
    command(error)
    assert cli.run(["bench"]) == 70
    (line,) = capsys.readouterr().err.splitlines()
    assert "fault of edgemoe itself" in line and type(error).__name__ in line
    (file,) = (tmp_path / "faults").iterdir()
    assert str(file) in line
    assert "Traceback" in file.read_text() and "def fail" not in line


def test_a_fault_that_cannot_be_kept_is_shown(
    command: Callable[[BaseException], None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("EDGEMOE_BUILD", str(tmp_path / "file"))
    command(KeyError("a defect"))
    assert cli.run(["bench"]) == 70
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "/out/depth.png"), "/out/depth.png: No space left"),
        (PermissionError(errno.EACCES, "Permission denied", "/else/x"), "/else/x: Permission denied"),
        (OSError(errno.EROFS, "Read-only file system"), "Read-only file system"),
        (MemoryError(), "too little memory"),
    ],
)
def test_what_the_machine_refuses_is_2(
    error: Exception, said: str, command: Callable[[BaseException], None], capsys: pytest.CaptureFixture[str]
) -> None:
    command(error)
    assert cli.run(["bench"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert said in line


@pytest.mark.parametrize("error", [KeyboardInterrupt(), click.Abort()])
def test_an_interruption_is_130_and_one_line(
    error: BaseException, command: Callable[[BaseException], None], capsys: pytest.CaptureFixture[str]
) -> None:
    command(error)
    assert cli.run(["bench"]) == 130
    assert len(capsys.readouterr().err.splitlines()) == 1


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_real_interruption(ending: signal.Signals, tmp_path: Path) -> None:
    """Ctrl-C, `kill` or a closed terminal while a command works: one line, 130, and no half-written file."""
    out = tmp_path / "out.safetensors"
    arguments = ["random-package", "--model", "tiny", "--seed", "1", "--out", str(out)]
    code = (  # work that has begun, and does not end by itself before the signal comes
        "import sys, time; import edgemoe.golden.random_package as work; from edgemoe.cli import main;"
        "work.random_package = lambda *_, **__: (print('ready', flush=True), time.sleep(50));"
        f"sys.argv[1:] = {arguments!r}; main()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path
    ) as process:
        assert process.stdout is not None and process.stdout.readline() == "ready\n"
        process.send_signal(ending)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert len(said.splitlines()) == 1 and "interrupted" in said
    assert list(tmp_path.iterdir()) == []


def test_a_reader_that_goes_away_is_no_fault(tmp_path: Path) -> None:
    """`edgemoe inspect … | head -1`"""
    command = f"{sys.executable} -m edgemoe inspect models/nano.package.safetensors | head -1"
    result = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert result.stderr == "" and "nano" in result.stdout


def test_the_script_passes_the_status_on(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "edgemoe", "bench"]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert result.returncode == 2
    assert re.fullmatch(r"edgemoe: .* is not built yet\.\n", result.stderr)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("streams", "status"),
    [("2>&-", 2), (">&- 2>&-", 2), ("<&- >&- 2>&-", 2), ("2>/dev/full", 2)],
)
def test_a_message_that_cannot_be_told_changes_no_status(streams: str, status: int) -> None:
    command = f"{sys.executable} -m edgemoe inspect no-such.safetensors {streams}"
    assert subprocess.run(["bash", "-c", command], check=False).returncode == status


def test_no_file_takes_the_number_of_a_closed_stream(tmp_path: Path) -> None:
    """What a library or a tool prints would go into it."""
    code = "import os, sys; from edgemoe.cli import entry; entry._open_streams(); print(os.open(sys.argv[1], 66))"
    command = f"{sys.executable} -c '{code}' {tmp_path / 'file'} <&- 2>&-"
    result = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True)
    assert int(result.stdout) > 2


def test_figures_that_cannot_be_printed_are_a_message(tmp_path: Path) -> None:
    (tmp_path / "k.cpp").write_text("void f(int a, int &b) { b = a; }")
    command = f"{sys.executable} -m edgemoe synth {tmp_path}/k.cpp --top f --out {tmp_path}/out >/dev/full"
    result = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert result.returncode == 2
    assert re.fullmatch(r"edgemoe: No space left.*\n", result.stderr)


def test_what_has_no_place_given_goes_to_the_build_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever it is started: everything written stays in the checkout."""
    (tmp_path / "here").mkdir()
    (tmp_path / "k.cpp").write_text("void f(int a, int &b) { b = a; }")
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("EDGEMOE_BUILD", str(tmp_path / "build"))
    assert cli.run(["infer", "--backend", "golden", "--task", "depth"]) == 0
    assert cli.run(["scenes", "--count", "1"]) == 0
    assert cli.run(["synth", str(tmp_path / "k.cpp"), "--top", "f"]) == 0
    for name in ("infer/golden/depth.png", "scenes/0.png", "synth/f/f.sv"):
        assert (tmp_path / "build" / name).is_file()
    assert not list((tmp_path / "here").iterdir())
