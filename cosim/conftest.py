# SPDX-License-Identifier: Apache-2.0
"""Makes the bench and the generator of layer programs importable by the tests of every kernel."""

import sys
from pathlib import Path

from edgemoe.caches import keep_inside

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tests"))
sys.path.insert(0, str(HERE.parent / "tests" / "csim"))
sys.path.insert(0, str(HERE))
keep_inside(HERE.parent)
