# SPDX-License-Identifier: Apache-2.0
"""Resolve the lock files from pyproject.toml with pip-tools.

They hold versions only: no addresses, no paths, and no local build tags (`+cpu`), so that they install
from whatever index pip is configured for. Everything in `cosim.lock` has the same version in `dev.lock`, and so has
everything in the locks of `make pynq-matrix` but what each of them is about: a release of PYNQ, or NumPy 2.
Run it with the oldest supported Python (`make lock PYTHON=python3.10`): what installs there installs on the
newer ones too. What only a CUDA build of torch asks for is left to pip.
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
CUDA = re.compile(r"(nvidia|cuda|triton)\b")
# What the environments of `make pynq-matrix` need besides the package's own dependencies.
TESTS = ("pytest", "pytest-timeout", "setuptools<=80")
COMPILER = ("ziglang", "llvmlite", "networkx")
# Of NumPy and Pillow the oldest with wheels for Python 3.11, or nearly so; a board's image has NumPy 1.21.
OLDEST = (
    "numpy==1.23.5",
    "pillow==9.5.0",
    "click==8.1.3",
    "rich==13.0.0",
    "jinja2==3.1.2",
    "safetensors==0.5.0",
)
MATRIX = {
    "pynq-3.0.1": ("pynq==3.0.1", "numpy==1.26.4"),
    "pynq-3.1.2": ("pynq==3.1.2", "numpy==1.26.4"),
    "pynq-4.0.0": ("pynq==4.0.0", "numpy==1.26.4"),
    "numpy-2": ("numpy==2.2.6", *COMPILER),  # the newest that Python 3.10 has
    "oldest": OLDEST + COMPILER,
}
HEADER = "# Resolved by `make lock` from pyproject.toml. Do not edit.\n"


def resolve(name: str, extra: str, *options: str) -> None:
    """Write requirements/<name>.lock with the packages of one extra."""
    _compile(name, "--extra", extra, *options, "pyproject.toml")


def resolve_matrix(name: str, wanted: tuple[str, ...], *options: str) -> None:
    """Write requirements/<name>.lock with the package's dependencies and `wanted`, else in the versions of dev.lock."""
    about = re.compile(r"(pynq|numpy)==")
    with tempfile.TemporaryDirectory() as folder:
        pins, given = Path(folder) / "constraints.txt", Path(folder) / "wanted.in"
        known = (HERE / "dev.lock").read_text().splitlines()
        pins.write_text("\n".join(line for line in known if not about.match(line)))
        given.write_text("\n".join((*wanted, *TESTS)))
        _compile(name, "--constraint", str(pins), *options, "pyproject.toml", str(given))


def _compile(name: str, *arguments: str) -> None:
    lock = HERE / f"{name}.lock"
    command = [sys.executable, "-m", "piptools", "compile", "--quiet", "--strip-extras", "--no-header"]
    command += [
        "--no-emit-index-url",
        "--no-emit-find-links",
        "--no-emit-options",
        "--allow-unsafe",
        "--no-annotate",
    ]
    command += ["--output-file", str(lock), *arguments]
    subprocess.run(command, cwd=HERE.parent, check=True, env={**os.environ, "PIP_PREFER_BINARY": "1"})
    pins = re.sub(r"(==[\w.]+)\+[\w.]+", r"\1", lock.read_text())
    kept = [line for line in pins.splitlines() if "==" in line and not CUDA.match(line)]
    lock.write_text(HEADER + "\n".join(kept) + "\n")


if __name__ == "__main__":
    resolve("dev", "dev", *sys.argv[1:])
    resolve("cosim", "cosim", "--extra", "synth", "--constraint", str(HERE / "dev.lock"), *sys.argv[1:])
    for name, wanted in MATRIX.items():
        resolve_matrix(name, wanted, *sys.argv[1:])
