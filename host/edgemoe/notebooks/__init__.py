# SPDX-License-Identifier: Apache-2.0
"""Notebooks, and what they show; docs/how-to/notebooks.md says which is for whom.

`pynq get-notebooks` copies them. PYNQ copies every file of this folder, so there is no other code in it.
"""

from pathlib import Path

FRAMES = Path(__file__).parent / "frames"
"""A street as a camera sees it on its way, one JPEG a metre."""
