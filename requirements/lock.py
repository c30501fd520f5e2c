# SPDX-License-Identifier: Apache-2.0
"""Resolve `cosim.lock` and `dev.lock` from pyproject.toml with pip-tools.

Both hold versions only: no addresses, no paths, and no local build tags (`+cpu`), so that they install
from whatever index pip is configured for. Everything in `cosim.lock` has the same version in `dev.lock`.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
HEADER = "# Resolved by `make lock` from pyproject.toml. Do not edit.\n"


def resolve(name: str, extra: str, *options: str) -> None:
    """Write requirements/<name>.lock with the packages of one extra."""
    lock = HERE / f"{name}.lock"
    command = [sys.executable, "-m", "piptools", "compile", "--quiet", "--strip-extras", "--no-header"]
    command += ["--no-emit-index-url", "--no-emit-find-links", "--no-emit-options", "--allow-unsafe", "--no-annotate"]
    command += ["--extra", extra, "--output-file", str(lock), *options, "pyproject.toml"]
    subprocess.run(command, cwd=HERE.parent, check=True, env={**os.environ, "PIP_PREFER_BINARY": "1"})
    pins = re.sub(r"(==[\w.]+)\+[\w.]+", r"\1", lock.read_text())
    lock.write_text(HEADER + "\n".join(line for line in pins.splitlines() if "==" in line) + "\n")


if __name__ == "__main__":
    resolve("dev", "dev", *sys.argv[1:])
    resolve("cosim", "cosim", "--constraint", str(HERE / "dev.lock"), *sys.argv[1:])
