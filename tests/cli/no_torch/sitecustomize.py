# SPDX-License-Identifier: Apache-2.0
"""A Python without the packages that only `make setup` installs: put this folder on PYTHONPATH."""

import sys
from importlib.abc import MetaPathFinder

MISSING = {"torch", "onnx", "onnxruntime", "onnxscript"}


class Missing(MetaPathFinder):
    """Says of each of them what Python says of a package that isn't there."""

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in MISSING:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


sys.meta_path.insert(0, Missing())
