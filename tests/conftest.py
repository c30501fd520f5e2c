# SPDX-License-Identifier: Apache-2.0
"""Settings of every test: caches stay in the checkout, and each test process uses one thread."""

import os
from pathlib import Path

from edgemoe.caches import keep_inside

# Tests run side by side; threads that wait for each other by spinning would take each other's cores.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
keep_inside(Path(__file__).resolve().parent.parent)
