# SPDX-License-Identifier: Apache-2.0
"""Exit statuses and messages of the command line."""

import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from edgemoe import cli
from edgemoe.errors import DeviceError, MismatchError, UserError

COMMANDS = [
    "bench",
    "bitstream",
    "cosim",
    "eval",
    "infer",
    "inspect",
    "mutate",
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
    assert sorted(cli.commands.commands) == COMMANDS


@pytest.mark.parametrize(
    "arguments",
    [
        ["bench"],
        ["bitstream", "--board", "zcu102"],
        ["cosim", "--board", "zcu102"],
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

    monkeypatch.setitem(cli.commands.commands, "bench", click.Command("bench", callback=fail))
    assert cli.run(["bench"]) == status
    assert capsys.readouterr().err == f"edgemoe: {error}\n"


def test_a_defect_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise KeyError("a defect")

    monkeypatch.setitem(cli.commands.commands, "bench", click.Command("bench", callback=fail))
    with pytest.raises(KeyError):
        cli.run(["bench"])


def test_the_script_passes_the_status_on(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "edgemoe", "bench"]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert result.returncode == 2
    assert re.fullmatch(r"edgemoe: .* is not built yet\.\n", result.stderr)
    assert list(tmp_path.iterdir()) == []
