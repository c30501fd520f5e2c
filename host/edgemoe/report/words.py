# SPDX-License-Identifier: Apache-2.0
"""Sentences that page and terminal share."""

from collections.abc import Mapping
from typing import Any


def divergence_sentence(first: Mapping[str, Any]) -> str:
    """Where a first difference lies, both values, and the function that made it."""
    layer = "" if first["layer"] is None else f"layer {first['layer']}, "
    where = f"{first['task']}, stage {first['stage']}, {layer}tensor {first['tensor']}{first['index'] or ''}"
    return f"first: {where}: golden {first['golden']}, got {first['got']}, in {first['source']}"
