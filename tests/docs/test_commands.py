# SPDX-License-Identifier: Apache-2.0
"""Every command that a page quotes is run: the table in CONTRIBUTING.md says by what, and here are the quick ones."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import click
import pytest
from pages import CODE, PAGES, ROOT, fences, prose, tracked

from edgemoe.cli.group import commands

TABLE = ROOT / "CONTRIBUTING.md"
COMMAND = re.compile(
    r"(?:make|edgemoe|pytest|git|eval|source|pip|\.venv/bin/[\w-]+|python3? -m \S+|[A-Z_]+=\S+ edgemoe)(?: .*)?"
    r"|\.ci/run"
)
ROW = re.compile(r"^\| `([^`]+)`[^|]*\| ([^|]+) \|$", re.MULTILINE)
HERE = "tests/docs/test_commands.py"


def commands_of(page: str) -> list[str]:
    """The commands that a page quotes, in fences and in sentences."""
    lines = [
        line.split(" #")[0].strip() for block in fences(page, "", "bash", "sh") for line in block.splitlines()
    ]
    found = [line for line in lines if COMMAND.fullmatch(line)]
    text = ROW.sub("", prose(page)) if page == TABLE.name else prose(page)
    found += [
        code for code in CODE.findall(text) if COMMAND.fullmatch(code) and (" " in code or code == ".ci/run")
    ]
    return list(dict.fromkeys(found))


@cache
def rows() -> dict[str, str]:
    """Pattern of a command -> who runs it."""
    section = TABLE.read_text().split("**Quoted commands.**")[1].split("\n\n**")[0]
    return dict(ROW.findall(section))


def pattern(row: str) -> str:
    return ".*".join(re.escape(piece) for piece in row.split("…"))


def row_of(command: str) -> str | None:
    """The row of a command: the longest that fits."""
    fitting = [row for row in rows() if re.fullmatch(pattern(row), command, re.DOTALL)]
    return max(fitting, key=len, default=None)


QUOTED = sorted({command for page in PAGES for command in commands_of(page)})


@pytest.mark.parametrize("page", PAGES)
def test_every_quoted_command_is_run_by_something(page: str) -> None:
    missing = [command for command in commands_of(page) if row_of(command) is None]
    assert not missing, f"{page}: the table of quoted commands in CONTRIBUTING.md has no row for these"


def test_every_row_is_of_a_quoted_command() -> None:
    used = {row_of(command) for command in QUOTED}
    assert [row for row in rows() if row not in used] == []


@pytest.mark.parametrize("row", rows())
def test_who_runs_it_exists_and_does(row: str) -> None:
    """A test or script that a row names is there and has the command, or what the target's recipe calls."""
    ran_by = rows()[row]
    for path in re.findall(r"`([\w./-]+/[\w.-]+)`", ran_by):
        assert path in tracked(), f"{path} does not exist"
        words = row.split("…")[0].replace(".venv/bin/", "").split()
        target = words[-1] if words[0] == "make" else ""
        subcommand = words[words.index("edgemoe") + 1] if "edgemoe" in words[:-1] else ""
        last = words[-1].rsplit(".", 1)[-1]
        text = (ROOT / path).read_text()
        known = [row.split("…")[0].strip(), f"make {target}", f"edgemoe {target}", subcommand, target, last]
        assert any(word and word in text for word in known), f"{path} does not run {row}"
    for target in re.findall(r"`make ([\w-]+)`", ran_by) + re.findall(r"^make ([a-z-]+)", row):
        assert re.search(rf"^{target}:.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE), target


def test_options_of_quoted_commands_exist() -> None:
    """Also where a sentence only names a command: it and its options are in the command line."""
    for command in QUOTED:
        words = command.removeprefix(".venv/bin/").split()
        if words[0] != "edgemoe" or words[1] == "COMMAND":
            continue
        assert words[1] in commands.commands, command
        parameters = commands.commands[words[1]].params
        options = {flag for one in parameters if isinstance(one, click.Option) for flag in one.opts} | {
            "--help"
        }
        assert {word for word in words[2:] if word.startswith("-")} <= options, command


def test_quoted_targets_exist() -> None:
    """`make -n` knows every target that is quoted, with the variables that it is quoted with."""
    makefile = (ROOT / "Makefile").read_text()
    for command in QUOTED:
        if command.startswith("make "):
            words = command.split()[1:]
            assert re.search(rf"^{words[0]}:.*## ", makefile, re.MULTILINE), command
            for variable in words[1:]:
                assert re.search(rf"\b{variable.split('=')[0]}\b \??=", makefile), command


def test_make_help_lists_every_target() -> None:
    done = subprocess.run(["make", "help"], cwd=ROOT, check=True, capture_output=True, text=True)
    described = re.findall(r"^([a-z-]+):.*  ## ", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert (
        set(described)
        == set(re.findall(r"make ([a-z-]+)", done.stdout))
        >= {"help", "cosim", "docs", "users"}
    )


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the quoted commands find what they name: sources by link, and a checkpoint of a training."""
    folder = tmp_path_factory.mktemp("clone")
    for name in ("hls", "models", "docs", "tests"):
        (folder / name).symlink_to(ROOT / name)
    (folder / "build" / "train").mkdir(parents=True)
    shutil.copy(ROOT / "models" / "nano.safetensors", folder / "build" / "train")
    (folder / "FILE.cpp").write_text("void NAME(int a, int& b) { b = a + 1; }\n")
    return folder


RUN_HERE = [
    command
    for page in PAGES
    for command in commands_of(page)
    if command.startswith(".venv/bin/edgemoe ") and HERE in rows().get(row_of(command) or "", "")
]


@pytest.mark.slow
def test_quick_commands_run(clone: Path) -> None:
    """In the order of the pages, each with status 0. A few scenes stand for many."""
    assert len(RUN_HERE) >= 8
    for command in RUN_HERE:
        words = shlex.split(command.removeprefix(".venv/bin/edgemoe "))
        words = [
            "2" if before == "--count" else word for before, word in zip([""] + words, words, strict=False)
        ]
        done = subprocess.run(
            [sys.executable, "-m", "edgemoe", *words],
            cwd=clone,
            env=environment(),
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"


def environment(**more: str) -> dict[str, str]:
    """This process's environment, in which a child finds the package of this checkout."""
    return {**os.environ, "PYTHONPATH": str(ROOT / "host"), **more}


@pytest.fixture
def activated(tmp_path: Path) -> dict[str, str]:
    """An environment in which a shell finds `edgemoe`, as after `source .venv/bin/activate`."""
    script = tmp_path / "edgemoe"
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m edgemoe "$@"\n')
    script.chmod(0o755)
    return environment(PATH=f"{tmp_path}:{os.environ['PATH']}")


@pytest.mark.parametrize(
    ("typed", "wanted"), [("cos", "cosim"), ("cosim --ta", "--taps"), ("cosim --task se", "segmentation")]
)
def test_completion(typed: str, wanted: str, activated: dict[str, str]) -> None:
    """The quoted line, then what the shell does at the tab key."""
    lines = [command for command in QUOTED if command.startswith("eval ")]
    assert len(lines) == 1
    script = f"""{lines[0]}
    COMP_WORDS=(edgemoe {typed}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
    _edgemoe_completion edgemoe; printf '%s\\n' "${{COMPREPLY[@]}}"; complete -p edgemoe"""
    done = subprocess.run(["bash", "-c", script], env=activated, capture_output=True, text=True)
    assert wanted in done.stdout.splitlines(), done.stderr
    assert "-F _edgemoe_completion edgemoe" in done.stdout


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_of_other_shells(shell: str, activated: dict[str, str]) -> None:
    """`_EDGEMOE_COMPLETE=fish_source edgemoe` and its kin print a script for that shell."""
    script = f"_EDGEMOE_COMPLETE={shell}_source edgemoe"
    done = subprocess.run(["bash", "-c", script], env=activated, capture_output=True, text=True)
    assert done.returncode == 0 and "_EDGEMOE_COMPLETE" in done.stdout


def test_pre_commit_install(tmp_path: Path) -> None:
    shutil.copy(ROOT / ".pre-commit-config.yaml", tmp_path)
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    command = [sys.executable, "-m", "pre_commit", "install"]
    subprocess.run(
        command, cwd=tmp_path, check=True, capture_output=True, env=environment(HOME=str(tmp_path))
    )
    assert (tmp_path / ".git" / "hooks" / "pre-commit").is_file()


def test_the_site_s_server_takes_those_options() -> None:
    done = subprocess.run([sys.executable, "-m", "http.server", "--help"], capture_output=True, text=True)
    assert done.returncode == 0 and "--directory" in done.stdout
