# SPDX-License-Identifier: Apache-2.0
"""The releases of PYNQ, each in an environment of its own, and NumPy 2 beside them: `make pynq-matrix`.

usage: matrix.py BUILDER [NAME...]

BUILDER is a Python with everything that `make cosim` needs: it builds the simulations once, for all. Each NAME (all
of them if none is given) has a lock of that name in requirements/ and gets build/pynq/NAME, which is kept until the
lock changes. In each pynq-* the tests of this folder run, in numpy-2 a selection that needs neither pynq nor torch.
Only the standard library is there yet.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "pynq"
OVERLAYS = BUILD / "overlays"
PYNQ_TESTS = ("tests/pynq",)
NUMPY_TESTS = (
    "tests/golden",
    "tests/images",
    "tests/files",
    "tests/program/test_packages.py",
    "tests/program/test_programs.py",
    "tests/compiler/test_native.py",
)
ENVIRONMENTS = {
    "pynq-3.0.1": PYNQ_TESTS,
    "pynq-3.1.2": PYNQ_TESTS,
    "pynq-4.0.0": PYNQ_TESTS,
    "numpy-2": NUMPY_TESTS,
}
BUILD_SECONDS, LIMIT_SECONDS = 1800, 900
"""For building the simulations, which takes minutes the first time, and for the tests of one environment."""


def say(name: str, what: str) -> None:
    """A line of progress."""
    print(f"{name}: {what}", file=sys.stderr, flush=True)


def environment(name: str) -> dict[str, str]:
    """Variables for an environment's processes: caches and builds in the checkout, nothing of another venv's."""
    kept = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")}
    kept["PIP_DISABLE_PIP_VERSION_CHECK"] = "1"
    return kept | {"EDGEMOE_BUILD": str(ROOT / "build"), "EDGEMOE_PYNQ_OVERLAYS": str(OVERLAYS)}


def run(name: str, step: str, *command: str | Path, limit: float = 600) -> None:
    """Run a command, its output in build/pynq/NAME.STEP.log; `SystemExit` with the end of it if it fails."""
    log = BUILD / f"{name}.{step}.log"
    with log.open("w") as file:
        try:
            done = subprocess.run(
                [str(part) for part in command],
                cwd=ROOT,
                env=environment(name),
                stdout=file,
                stderr=subprocess.STDOUT,
                check=False,
                timeout=limit,
            ).returncode
        except subprocess.TimeoutExpired:
            done = f"none within {limit:g} s"
    if done:
        end = "\n".join(log.read_text(errors="replace").splitlines()[-40:])
        raise SystemExit(f"{end}\n{name}: {step} failed (status {done}); {log} has all of it")


def install(name: str) -> Path:
    """The Python of the environment `name`, made anew if its lock has changed."""
    lock, folder = ROOT / "requirements" / f"{name}.lock", BUILD / name
    made_from = [lock.read_bytes(), (ROOT / "pyproject.toml").read_bytes(), sys.version.encode()]
    stamp, key = folder / "made-from.txt", hashlib.sha256(b"\0".join(made_from)).hexdigest()
    python = folder / "bin" / "python"
    if stamp.is_file() and stamp.read_text() == key and python.exists():
        return python
    shutil.rmtree(folder, ignore_errors=True)
    started = time.monotonic()
    say(name, f"installing {lock.name}")
    run(name, "venv", sys.executable, "-m", "venv", folder)
    run(name, "install", python, ROOT / "requirements" / "install.py", lock)
    run(
        name, "edgemoe", python, "-m", "pip", "install", "-q", "--no-deps", "--no-build-isolation", "-e", ROOT
    )
    stamp.write_text(key)
    say(name, f"installed in {time.monotonic() - started:.0f} s")
    return python


def test(name: str) -> str:
    """The last line of pytest's in the environment `name`."""
    python = install(name)
    started = time.monotonic()
    run(name, "tests", python, "-m", "pytest", "-q", *ENVIRONMENTS[name], limit=LIMIT_SECONDS)
    last = (BUILD / f"{name}.tests.log").read_text().splitlines()[-1]
    say(name, f"{last} (all of it {time.monotonic() - started:.0f} s)")
    return last


def main(builder: str, names: list[str]) -> None:
    """Build, install and test; the first failure ends it, after the others have come to their end."""
    unknown = [name for name in names if name not in ENVIRONMENTS]
    if unknown:
        raise SystemExit(f"There is no {', '.join(unknown)}; there is {', '.join(ENVIRONMENTS)}.")
    BUILD.mkdir(parents=True, exist_ok=True)
    say("overlays", "building the simulations that all environments share")
    run("overlays", "build", builder, "tests/pynq/overlays.py", OVERLAYS, limit=BUILD_SECONDS)
    with ThreadPoolExecutor(2) as pool:
        done = [pool.submit(test, name) for name in names or ENVIRONMENTS]
    for result in done:
        result.result()


if __name__ == "__main__":
    if len(sys.argv) < 2:
        raise SystemExit(__doc__)
    main(sys.argv[1], sys.argv[2:])
