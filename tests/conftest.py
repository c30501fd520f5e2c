# SPDX-License-Identifier: Apache-2.0
"""Settings of every test: caches stay in the checkout."""

from pathlib import Path

from edgemoe.caches import keep_inside

keep_inside(Path(__file__).resolve().parent.parent)
