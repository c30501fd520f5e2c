# SPDX-License-Identifier: Apache-2.0
"""The scripts of the users' first hours: `make users` runs them, which is long; here is what can be seen at once."""

import re
import subprocess

import click
import pytest
from pages import ROOT, tracked

from edgemoe.cli.group import commands

SCRIPTS = tracked("tests/users/*.sh")
USERS = [name for name in SCRIPTS if name not in ("tests/users/run.sh", "tests/users/expect.sh")]


def test_make_users_runs_them_all() -> None:
    recipe = re.search(r"^users:.*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert recipe is not None and "tests/users/run.sh" in recipe[1]
    assert {name.split("/")[-1].removesuffix(".sh") for name in USERS} <= set(re.findall(r"\w+", recipe[1]))
    assert len(USERS) == 5


@pytest.mark.parametrize("name", SCRIPTS)
def test_scripts_are_shell(name: str) -> None:
    subprocess.run(["bash", "-n", name], cwd=ROOT, check=True)
    if name in USERS:
        assert "set -euo pipefail" in (ROOT / name).read_text()


@pytest.mark.parametrize("name", USERS)
def test_commands_of_the_scripts_exist(name: str) -> None:
    """Each command, its options and each target."""
    text = (ROOT / name).read_text().replace("\\\n", " ")
    called = re.findall(r"(?:\.venv/bin/|^status \d )edgemoe ([a-z][\w-]*)([^\n|>]*)", text, re.MULTILINE)
    assert called
    for command, rest in called:
        assert command in commands.commands
        options = {
            flag
            for parameter in commands.commands[command].params
            if isinstance(parameter, click.Option)
            for flag in parameter.opts
        }
        assert set(re.findall(r"(?<=\s)--[a-z-]+", rest)) <= options, f"{command}{rest}"
    targets = set(re.findall(r"^([a-z-]+):.*  ## ", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"^make ([a-z-]+)", text, re.MULTILINE)) <= targets
