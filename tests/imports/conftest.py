# SPDX-License-Identifier: Apache-2.0
"""The modules beside the tests, and the one next to the folders of tests, are found."""

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1])]
