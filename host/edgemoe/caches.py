# SPDX-License-Identifier: Apache-2.0
"""Where tools keep their caches: below the working directory's `build/cache`, never in the home folder."""

import os
from pathlib import Path

FOLDERS = {
    "XDG_CACHE_HOME": "xdg",
    "ZIG_GLOBAL_CACHE_DIR": "zig",
    "ZIG_LOCAL_CACHE_DIR": "zig",
    "MPLCONFIGDIR": "matplotlib",
    "YOWASP_CACHE_DIR": "yowasp",
    "TORCH_HOME": "torch",
}
"""Environment variable of a tool -> its folder. The Makefile sets the same ones."""


def keep_inside(root: Path | None = None) -> None:
    """Point each tool's cache below `root`/build/cache, unless the user has already chosen another place.

    `root` is the working directory by default. Call it before the tools are imported or started.
    """
    base = (root or Path.cwd()) / "build" / "cache"
    for variable, folder in FOLDERS.items():
        os.environ.setdefault(variable, str(base / folder))
