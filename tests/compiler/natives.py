# SPDX-License-Identifier: Apache-2.0
"""Native builds that share nothing."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from edgemoe.compiler.native import NativeKernel


def fresh_native(library: Path) -> NativeKernel:
    """The kernel of ``library`` with its own statics, at their initial values.

    The operating system loads a library once a path and process: a second `NativeKernel` of the same file would go on
    where the calls of another test ended. So each gets a copy, under a name of its own.
    """
    with tempfile.TemporaryDirectory() as folder:
        return NativeKernel(Path(shutil.copy(library, folder)))
