# SPDX-License-Identifier: Apache-2.0
"""Resolve `cosim.lock` and `dev.lock` from pyproject.toml with pip-tools.

Both hold versions only: no addresses, no paths, and no local build tags (`+cpu`), so that they install
from whatever index pip is configured for. Everything in `cosim.lock` has the same version in `dev.lock`.
Run it with the oldest supported Python (`make lock PYTHON=python3.10`): what installs there installs on the
newer ones too. What only a CUDA build of torch asks for is left to pip.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
CUDA = re.compile(r"(nvidia|cuda|triton)\b")
HEADER = "# Resolved by `make lock` from pyproject.toml. Do not edit.\n"


def resolve(name: str, extra: str, *options: str) -> None:
    """Write requirements/<name>.lock with the packages of one extra."""
    lock = HERE / f"{name}.lock"
    command = [sys.executable, "-m", "piptools", "compile", "--quiet", "--strip-extras", "--no-header"]
    command += [
        "--no-emit-index-url",
        "--no-emit-find-links",
        "--no-emit-options",
        "--allow-unsafe",
        "--no-annotate",
    ]
    command += ["--extra", extra, "--output-file", str(lock), *options, "pyproject.toml"]
    subprocess.run(command, cwd=HERE.parent, check=True, env={**os.environ, "PIP_PREFER_BINARY": "1"})
    pins = re.sub(r"(==[\w.]+)\+[\w.]+", r"\1", lock.read_text())
    kept = [line for line in pins.splitlines() if "==" in line and not CUDA.match(line)]
    lock.write_text(HEADER + "\n".join(kept) + "\n")


if __name__ == "__main__":
    resolve("dev", "dev", *sys.argv[1:])
    resolve("cosim", "cosim", "--constraint", str(HERE / "dev.lock"), *sys.argv[1:])
