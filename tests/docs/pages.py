# SPDX-License-Identifier: Apache-2.0
"""The Markdown pages of the project, as the tests of this folder read them."""

import re
import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FENCE = re.compile(r"^(```+)[^\n]*\n(.*?)^\1[ ]*$", re.MULTILINE | re.DOTALL)
GENERATED = re.compile(r"<!-- table: [\w-]+ -->.*?<!-- end -->", re.DOTALL)
CODE = re.compile(r"`([^`\n]+)`")


@cache
def tracked(*patterns: str) -> tuple[str, ...]:
    """Files of the checkout that git knows or could add, by pattern, as paths from its root."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", *patterns]
    listing = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return tuple(sorted(name for name in set(listing.stdout.split("\0")) if name and (ROOT / name).is_file()))


PAGES = tracked("*.md")


def written(page: str) -> str:
    """The text of a page without its generated parts."""
    return GENERATED.sub("", (ROOT / page).read_text())


def prose(page: str) -> str:
    """The text of a page without generated parts and fenced blocks."""
    return FENCE.sub("", written(page))


def fences(page: str, *languages: str) -> list[str]:
    """The fenced blocks of a page in one of the languages; "" is a fence that names none."""
    found = re.finditer(r"^```(\w*)\n(.*?)^```", written(page), re.MULTILINE | re.DOTALL)
    return [block[2] for block in found if block[1] in languages]


def quoted(page: str) -> list[str]:
    """Everything that stands in code quotes on a page."""
    return CODE.findall(prose(page))
