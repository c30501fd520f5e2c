# SPDX-License-Identifier: Apache-2.0
"""Notebooks, and what they show. `pynq get-notebooks edgemoe` copies them; docs/how-to/notebooks.md says which is for whom.

PYNQ copies every file of this folder, so there is no other code in it.
"""

from pathlib import Path

FRAMES = Path(__file__).parent / "frames"
"""A street as a camera sees it on its way, one JPEG a metre."""
