# SPDX-License-Identifier: Apache-2.0
"""Settings of every test: caches and temporary files stay in the checkout, and each test process uses one thread."""

import os
import sys
from pathlib import Path

from edgemoe.caches import keep_inside

# Tests run side by side; threads that wait for each other by spinning would take each other's cores.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
ROOT = Path(__file__).resolve().parent.parent
keep_inside(ROOT)
sys.path.append(str(ROOT / "tests"))  # for small.py, which tests of several rooms share
# Not among the temporary files, which go with the process: what a failed test wrote is worth a look.
kept = ROOT / "build" / "cache" / "pytest-tmp"
kept.mkdir(parents=True, exist_ok=True)
os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(kept))
