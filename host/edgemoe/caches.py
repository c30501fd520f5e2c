# SPDX-License-Identifier: Apache-2.0
"""Where everything that is made lies: caches of tools and temporary files below `build/`, never in the home folder.

`python caches.py` prints what the Makefile exports; it needs nothing but Python.
"""

import atexit
import fcntl
import os
import shutil
import tempfile
from pathlib import Path
from typing import TextIO

FOLDERS = {
    "HYPOTHESIS_STORAGE_DIRECTORY": "hypothesis",
    "IPYTHONDIR": "ipython",
    "JUPYTER_CONFIG_DIR": "jupyter/config",
    "JUPYTER_DATA_DIR": "jupyter/data",
    "JUPYTER_RUNTIME_DIR": "jupyter/runtime",
    "MPLCONFIGDIR": "matplotlib",
    "PIP_CACHE_DIR": "pip",
    "PRE_COMMIT_HOME": "pre-commit",
    "TORCHINDUCTOR_CACHE_DIR": "torchinductor",
    "TORCH_HOME": "torch",
    "XDG_CACHE_HOME": "xdg",
    "YOWASP_CACHE_DIR": "yowasp",
    "ZIG_GLOBAL_CACHE_DIR": "zig",
    "ZIG_LOCAL_CACHE_DIR": "zig",
}
"""Environment variable of a tool -> its folder in build/cache. The Makefile has them from here."""
LOCK = ".lock"


def checkout() -> Path | None:
    """The source checkout that this package runs from, or None for an installed package."""
    root = Path(__file__).resolve().parents[2]
    return root if (root / "pyproject.toml").is_file() and (root / "hls").is_dir() else None


def build_root() -> Path:
    """`$EDGEMOE_BUILD`, else `build/` of the checkout, else `build/` of the working directory."""
    if chosen := os.environ.get("EDGEMOE_BUILD"):
        return Path(chosen).resolve()
    return (checkout() or Path.cwd()) / "build"


def keep_inside(root: Path | None = None) -> None:
    """Point each tool's cache below `root`/build/cache, and temporary files below `root`/build/tmp.

    Without `root` it is `build_root()`. A cache for which the user has chosen another place stays there. Call it
    before the tools are imported or started.
    """
    build = root / "build" if root else build_root()
    for variable, folder in FOLDERS.items():
        os.environ.setdefault(variable, str(build / "cache" / folder))
    if root or checkout() or "EDGEMOE_BUILD" in os.environ:  # an installed package leaves no folders about
        try:
            os.environ["TMPDIR"] = str(_scratch(build / "tmp"))
        except OSError:  # a checkout that cannot be written to, by someone who only reads
            return
        tempfile.tempdir = None  # ask the environment again


def _scratch(base: Path) -> Path:
    """A folder for this process's temporary files, gone when it ends; those of killed processes go now.

    A process holds a lock in its folder as long as it lives; `base`'s own lock makes looking and making one step.
    """
    base.mkdir(parents=True, exist_ok=True)
    with (base / LOCK).open("a") as all_of_them:
        fcntl.flock(all_of_them, fcntl.LOCK_EX)
        for folder in base.glob("run-*"):
            if _abandoned(folder):
                shutil.rmtree(folder, ignore_errors=True)
        mine = Path(tempfile.mkdtemp(prefix="run-", dir=base))
        held = (mine / LOCK).open("a")
        fcntl.flock(held, fcntl.LOCK_EX)
    atexit.register(_remove, mine, os.getpid(), held)
    return mine


def _abandoned(folder: Path) -> bool:
    """Whether no living process holds the folder."""
    try:
        with (folder / LOCK).open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # another user's, or not made by this module
        return False
    return True


def _remove(folder: Path, process: int, held: TextIO) -> None:
    if os.getpid() == process:  # not a fork of it
        shutil.rmtree(folder, ignore_errors=True)
    held.close()


if __name__ == "__main__":
    print(*(f"{variable}={folder}" for variable, folder in FOLDERS.items()))
