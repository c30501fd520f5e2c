# SPDX-License-Identifier: Apache-2.0
"""The summary of a folder of images."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any


def write_summary(work: Path, folder: Path, entries: Sequence[Mapping[str, Any]]) -> None:
    """Write summary.json into `work`; `folder` holds the results of each image."""
    del folder
    (work / "summary.json").write_text(json.dumps([dict(entry) for entry in entries], indent=2) + "\n")
