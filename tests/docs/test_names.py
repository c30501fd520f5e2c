# SPDX-License-Identifier: Apache-2.0
"""Every file, module, option, variable and name that a page puts in code quotes exists."""

import re
from functools import cache
from pathlib import PurePosixPath

import click
import pytest
from pages import PAGES, ROOT, quoted, tracked

from edgemoe.cli.group import commands

SUFFIXES = (
    r"(?:py|cpp|hpp|h|sv|md|json|toml|yml|yaml|lock|safetensors|npz|npy|png|jpg|svg|html|fst|sh|hwh|bit|j2)"
)
FILE = re.compile(rf"[\w.<>{{}}*/-]*\.{SUFFIXES}|[\w.<>-]+(?:/[\w.<>*-]+)*/")
MADE = {
    # What commands write, and names that a page makes up for a file of the reader's.
    "report.json", "report.html", "summary.json", "index.html", "input.png", "segmentation.png",
    "depth.png", "segmentation.npy", "depth.npy", "profile.svg",
    "features.<task>.npy", "decoded.<task>.<number>.npy",
    "waves.fst", "resources.json", "overlay.json", "edgemoe.bit", "edgemoe.hwh",
    ".edgemoe.json", "registers.json", "registers.md", "fir.bit", "fir.hwh", "overlay/", "rtl/KERNEL/", "simulation/",
    "pynq-notebooks/edgemoe/",
    ".safetensors", "program.py", "street.jpg", "folder/", "mine.cpp", ".fst", ".json", ".bit", ".hwh",
}  # fmt: skip
NOTATION = {"sat_b", "zsh_source"}
"""Names that a page defines for its formulas, and those of other programs."""
TCL_OPTIONS = {"-tclargs", "--until", "--rtl"}
"""Of the scripts for the vendor's tools; tests/bitstreams runs them."""
PLACES = ("build/", ".venv/", "dist/", "vivado/")
"""Where commands write; nothing there is part of a checkout."""
PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:(?:\.|::)[A-Za-z_][A-Za-z0-9_]*)*(?:\(\))?")


@cache
def words() -> frozenset[str]:
    """Every word of the project's sources and tests."""
    code = tracked(
        "host",
        "hls",
        "cosim",
        "examples",
        "tests",
        "docs/*.py",
        "Makefile",
        "pyproject.toml",
        ".ci",
        "models/*.json",
        "*.hwh",
    )
    texts = (
        (ROOT / name).read_bytes().decode(errors="ignore")
        for name in code
        if not name.startswith("tests/docs/")
    )
    return frozenset(word for text in texts for word in re.findall(r"[A-Za-z_][A-Za-z0-9_]*", text))


@cache
def options() -> frozenset[str]:
    """Every option of every command."""
    return (
        frozenset(
            flag
            for command in commands.commands.values()
            for parameter in command.params
            if isinstance(parameter, click.Option)
            for flag in parameter.opts + parameter.secondary_opts
        )
        | {"--help", "-h", "--version"}
        | TCL_OPTIONS
    )


def there(page: str, path: str) -> bool:
    """Whether a path, from the root, from the page's folder or a bare file name, is in the checkout."""
    if path in MADE or path.startswith(PLACES) or PurePosixPath(path).name in MADE:
        return True
    pattern = re.sub(r"<\w+>|\{\w+\}", "*", path).rstrip("/")
    if any(any(base.glob(pattern)) for base in (ROOT, (ROOT / page).parent)):
        return True
    return "/" not in path and any(PurePosixPath(name).match(pattern) for name in tracked())


def module(name: str) -> bool:
    """Whether a dotted name of the package resolves: its module is a file, and defines or fetches what follows.

    Nothing is imported: some of the modules take long, and one makes itself PYNQ's device.
    """
    parts = name.removesuffix("()").split(".")
    for length in range(len(parts), 0, -1):
        path = (ROOT / "host").joinpath(*parts[:length])
        files = [file for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()]
        if files:
            return set(parts[length:]) <= set(re.findall(r"\w+", files[0].read_text()))
    return False


def unknown(page: str, name: str) -> bool:
    """Whether something in code quotes names what does not exist."""
    if FILE.fullmatch(name):
        return not there(page, name)
    if re.fullmatch(r"--?[a-z][\w-]*", name):
        return name not in options()
    if re.fullmatch(r"edgemoe(\.\w+)+(\(\))?", name):
        return not module(name)
    if PLAIN.fullmatch(name) and name not in NOTATION:
        parts = re.split(r"\.|::", name.removesuffix("()"))  # u_NAME is the instance of the process NAME
        return not {part.removeprefix("u_") for part in parts} <= words()
    return False


@pytest.mark.parametrize("page", PAGES)
def test_what_is_named_exists(page: str) -> None:
    assert [name for name in quoted(page) if unknown(page, name)] == []


@pytest.mark.parametrize(
    "name",
    [
        "hls/include/edgemoe/none.hpp",
        "none.cpp",
        "tests/none/",
        "--no-such-option",
        "edgemoe.golden.machine.no_such_function",
        "edgemoe.nothing",
        "NO_SUCH_REGISTER",
        "no_such.counter",
    ],
)
def test_a_wrong_name_is_seen(name: str) -> None:
    assert unknown("README.md", name)


SOURCES = [
    name
    for name in tracked("*.py", "*.cpp", "*.hpp", "*.h", "*.sv", "Makefile", "*.toml", "*.yml", ".ci/run")
]
PATH = re.compile(
    r"(?<![\w/.{}-])((?:docs|hls|host|tests|cosim|models|requirements|bitstreams)/[\w./-]+\.[a-z]\w*)\b"
)
DOTTED = re.compile(r"(?:`+|:mod:`)(edgemoe(?:\.\w+)+)(?:\(\))?`")
MADE_UP = ("tests/docs/", "tests/mutate/test_mutate.py")
"""Tests that invent files and names."""


@pytest.mark.parametrize("name", [name for name in SOURCES if not name.startswith(MADE_UP)])
def test_what_sources_name_exists(name: str) -> None:
    """Paths of the checkout, and modules and functions in quotes, in comments and docstrings."""
    text = (ROOT / name).read_text()
    assert [path for path in PATH.findall(text) if not there(name, path)] == []
    assert [dotted for dotted in DOTTED.findall(text) if not module(dotted)] == []


def test_the_functions_that_a_divergence_names_are_in_those_files() -> None:
    """What `first_divergence` gives as source: the function is defined in the file beside it."""
    text = (ROOT / "host" / "edgemoe" / "cosim" / "compare.py").read_text()
    sources = re.findall(r"([\w, ]+) \((hls/[\w/.]+)\)", text.replace("epilogue {}", "write_result"))
    assert len(sources) == text.count("(hls/") >= 10
    for functions, file in sources:
        for function in functions.strip(", ").split(", "):
            assert re.search(rf"^\w[\w ]*\b{function}\(", (ROOT / file).read_text(), re.MULTILINE), (
                function,
                file,
            )
