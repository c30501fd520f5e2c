# SPDX-License-Identifier: Apache-2.0
"""Makes the test programs' stimuli and the cosimulation bench importable."""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "cosim"))
sys.path.insert(0, str(HERE))

from edgemoe.compiler.passes import pipeline  # noqa: E402

pipeline.check_every_pass = True
