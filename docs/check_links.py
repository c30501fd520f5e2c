# SPDX-License-Identifier: Apache-2.0
"""Check that every relative link and picture in the Markdown files leads somewhere.

A link to a heading (`page.md#some-heading`) is checked against the headings of that page, numbered the
way GitHub and mkdocs do. A path of the repository in code quotes, such as `hls/kernels/gelu.cpp`, must exist
as well. Links to the web are not followed: the check needs no network.
"""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)(?:\s+\"[^\"]*\")?\)")
FENCE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`[^`\n]*`")
QUOTED_PATH = re.compile(r"`((?:\.ci|bitstreams|cosim|docs|hls|host|models|requirements|tests)/[\w./-]*)`")


def anchors(page: Path) -> set[str]:
    """The heading anchors of a page: lower case, punctuation dropped, spaces as hyphens."""
    found = set()
    for heading in re.findall(r"^#{1,6}\s+(.*?)\s*$", FENCE.sub("", page.read_text()), re.MULTILINE):
        text = re.sub(r"[^\w\- ]", "", heading.lower())
        found.add(re.sub(r" ", "-", text))
    return found


def broken_links(page: Path) -> list[str]:
    """One line for each relative link of a page that leads nowhere."""
    text = page.read_text()
    prose = CODE.sub("", FENCE.sub("", text))
    problems = [
        f"{page.relative_to(ROOT)}: no such path: {path}"
        for path in QUOTED_PATH.findall(FENCE.sub("", text))
        if not (ROOT / path).exists()
    ]
    for link in LINK.findall(prose):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists():
            problems.append(f"{page.relative_to(ROOT)}: no such file: {link}")
        elif anchor and target.suffix == ".md" and anchor not in anchors(target):
            problems.append(f"{page.relative_to(ROOT)}: no such heading: {link}")
    return problems


def main() -> int:
    """Check every Markdown file that git knows; the exit status is 1 if a link is broken."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "*.md"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    pages = [ROOT / name for name in listing.stdout.split("\0") if name]
    problems = [problem for page in pages if page.exists() for problem in broken_links(page)]
    print("\n".join(problems) if problems else f"links of {len(pages)} pages are whole")
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main())
