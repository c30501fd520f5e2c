# SPDX-License-Identifier: Apache-2.0
"""Makes `pages`, and the scripts of docs/, importable by the tests of this folder."""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / "docs")]
