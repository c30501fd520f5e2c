# SPDX-License-Identifier: Apache-2.0
"""The releases of PYNQ, each in an environment of its own, and other NumPys beside them: `make pynq-matrix`.

usage: matrix.py BUILDER [NAME...]

BUILDER is the Python of `make cosim`: it builds the simulations once, for all. Each NAME (all of them if none is given)
has a lock of that name in requirements/ and gets build/pynq/NAME, with what the lock names and nothing else: what the
builder has in the locked version is linked, the rest installed. It is kept until one of both changes. In each pynq-*
the tests of this folder run; in numpy-2, and in oldest with old releases of all that the package needs, a selection
that needs neither pynq nor torch. Only the standard library is there yet.
"""

import hashlib
import json
import os
import re
import runpy
import shutil
import subprocess
import sys
import time
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
CACHES = runpy.run_path(str(ROOT / "host" / "edgemoe" / "caches.py"))["FOLDERS"]
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
    "tests/cli/test_infer.py::test_a_run_leaves_what_the_reference_says",
    "tests/cli/test_infer.py::test_the_native_kernels_leave_the_same_bits",
)
ENVIRONMENTS = {
    "pynq-3.0.1": PYNQ_TESTS,
    "pynq-3.1.2": PYNQ_TESTS,
    "pynq-4.0.0": PYNQ_TESTS,
    "numpy-2": NUMPY_TESTS,
    "oldest": NUMPY_TESTS,
}
AT_A_TIME = 2
BUILD_SECONDS, LIMIT_SECONDS = 1800, 900
"""For building the simulations, which takes minutes the first time, and for the tests of one environment."""
LIST = """
import importlib.metadata, json, re
found = []
for package in importlib.metadata.distributions():
    entries = {file.parts[0] for file in package.files or ()} - {"..", "__pycache__"}
    name = re.sub("[-_.]+", "-", package.metadata["Name"]).lower()
    found.append((name, package.version, str(package.locate_file("")), sorted(entries)))
print(json.dumps(found))
"""
"""For the builder: prints name, version, folder, and what lies in that, of each package."""


class Package(NamedTuple):
    """A package that is installed: `entries` in `folder` are its files and folders."""

    version: str
    folder: str
    entries: list[str]


def say(name: str, what: str) -> None:
    """A line of progress."""
    print(f"{name}: {what}", file=sys.stderr, flush=True)


def environment() -> dict[str, str]:
    """Variables for the processes: caches and builds in the checkout, nothing of another venv's."""
    kept = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")}
    kept |= {variable: str(ROOT / "build" / "cache" / folder) for variable, folder in CACHES.items()}
    kept |= {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "EDGEMOE_BUILD": str(ROOT / "build")}
    # pip asks `rustc` for its version; where that is rustup's, it would make a folder in the home folder.
    kept.setdefault("RUSTUP_HOME", str(ROOT / "build" / "cache" / "rustup"))
    return kept | {"EDGEMOE_PYNQ_OVERLAYS": str(OVERLAYS)}


def run(name: str, step: str, *command: str | Path, limit: float = 600) -> None:
    """Run a command, its output in build/pynq/NAME.STEP.log; `SystemExit` with the end of it if it fails."""
    log = BUILD / f"{name}.{step}.log"
    with log.open("w") as file:
        try:
            done = subprocess.run(
                [str(part) for part in command],
                cwd=ROOT,
                env=environment(),
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


def in_builder(builder: str) -> dict[str, Package]:
    """What is installed where the builder is, by name."""
    done = subprocess.run([builder, "-c", LIST], cwd=ROOT, capture_output=True, text=True, check=True)
    return {name: Package(*rest) for name, *rest in json.loads(done.stdout)}


def install(name: str, builder: str, there: dict[str, Package]) -> Path:
    """The Python of the environment `name`, made anew if its lock, the builder's packages or the place changed."""
    lock = (ROOT / "requirements" / f"{name}.lock").read_text()
    locked = dict(re.findall(r"^([\w.-]+)==(\S+)$", lock, re.MULTILINE))
    linked = {n: there[n] for n, version in locked.items() if n in there and there[n].version == version}
    ours = there["edgemoe"]
    linked["edgemoe"] = ours._replace(entries=[e for e in ours.entries if e.endswith(".dist-info")])
    folder = BUILD / name
    made_from = (lock, repr(linked), str(folder), Path(__file__).read_text())
    stamp, key = folder / "made-from.txt", hashlib.sha256("\0".join(made_from).encode()).hexdigest()
    python = folder / "bin" / "python"
    if stamp.is_file() and stamp.read_text() == key and python.exists():
        return python
    shutil.rmtree(folder, ignore_errors=True)
    started = time.monotonic()
    run(name, "venv", builder, "-m", "venv", "--without-pip", folder)
    packages = next(folder.glob("lib/python*/site-packages"))
    missing = [f"{n}=={version}" for n, version in locked.items() if n not in linked]
    say(name, f"linking {len(linked)} packages, installing {', '.join(missing) or 'none'}")
    if missing:
        options = ("-q", "--no-deps", "--no-compile", "--progress-bar", "off", "--target", packages)
        run(name, "install", builder, "-m", "pip", "install", *options, *missing)
    for package in linked.values():
        for entry in package.entries:
            if not (packages / entry).is_symlink():  # several share a folder, `google` for instance
                (packages / entry).symlink_to(Path(package.folder) / entry)
    (packages / "checkout.pth").write_text(f"{ROOT / 'host'}\n")
    stamp.write_text(key)
    say(name, f"installed in {time.monotonic() - started:.0f} s")
    return python


def overlays(builder: str) -> None:
    """Build the overlays that all releases of PYNQ share; the simulations in them are kept by their sources."""
    started = time.monotonic()
    run("overlays", "build", builder, "tests/pynq/overlays.py", OVERLAYS, limit=BUILD_SECONDS)
    say("overlays", f"built in {time.monotonic() - started:.0f} s")


def test(name: str, builder: str, there: dict[str, Package], built: Future[None]) -> None:
    """Install the environment `name` and run its tests, as soon as the overlays that they need are there."""
    python = install(name, builder, there)
    if ENVIRONMENTS[name] is PYNQ_TESTS:
        built.result()
    started = time.monotonic()
    run(
        name, "tests", python, "-m", "pytest", "-q", "--durations=9", *ENVIRONMENTS[name], limit=LIMIT_SECONDS
    )
    last = (BUILD / f"{name}.tests.log").read_text().splitlines()[-1]
    say(name, f"{last} (with its start {time.monotonic() - started:.0f} s)")


def main(builder: str, names: list[str]) -> None:
    """Build, install and test; the first failure ends it, after the others have come to their end."""
    unknown = [name for name in names if name not in ENVIRONMENTS]
    if unknown:
        raise SystemExit(f"There is no {', '.join(unknown)}; there is {', '.join(ENVIRONMENTS)}.")
    BUILD.mkdir(parents=True, exist_ok=True)
    there = in_builder(builder)
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        built = pool.submit(overlays, builder)
        done = [pool.submit(test, name, builder, there, built) for name in names or ENVIRONMENTS]
    for result in (built, *done):
        result.result()


if __name__ == "__main__":
    if len(sys.argv) < 2:
        raise SystemExit(__doc__)
    main(sys.argv[1], sys.argv[2:])
