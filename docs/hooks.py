# SPDX-License-Identifier: Apache-2.0
"""What mkdocs needs beyond Markdown: links from a page to a file of the repository.

In the repository such a link is the path itself. The site has only what lies in docs/, so each linked file
becomes a page of its own there (`source/<path>`), with the file's text; nothing is fetched.
"""

import re
from pathlib import Path

from check_links import FENCE, LINK, ROOT
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files, InclusionLevel
from mkdocs.structure.pages import Page
from mkdocs.utils import get_relative_url

DOCS = ROOT / "docs"
LANGUAGES = {".cpp": "cpp", ".hpp": "cpp", ".h": "cpp", ".py": "python", ".sv": "systemverilog"}


def outside(page: Path, link: str) -> str | None:
    """The path in the repository of a link that leaves docs/; None of every other link."""
    path = link.partition("#")[0]
    if not path or re.match(r"[a-z]+:", link):
        return None
    target = (page.parent / path).resolve()
    if target.is_relative_to(DOCS) or not target.is_relative_to(ROOT) or not target.is_file():
        return None
    return target.relative_to(ROOT).as_posix()


def links(page: Path) -> set[str]:
    """The files outside docs/ that a page links to."""
    found = {outside(page, link) for link in LINK.findall(FENCE.sub("", page.read_text()))}
    return {path for path in found if path is not None}


def source_page(path: str) -> str:
    """The Markdown of a file's page: a Markdown file as it is, any other in a fence."""
    text = (ROOT / path).read_text()
    title = f"# {path}\n\n"
    if path.endswith(".md"):
        return title + LINK.sub(lambda found: found[0].split("](")[0].lstrip("!") + "]", text)
    return f"{title}````{LANGUAGES.get(Path(path).suffix, 'text')}\n{text}````\n"


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """Add a page for each file outside docs/ that some page links to."""
    pages = [Path(file.abs_src_path) for file in files.documentation_pages() if file.abs_src_path]
    for path in sorted({path for page in pages for path in links(page)}):
        name = f"source/{path}.md"
        page = File.generated(config, name, content=source_page(path), inclusion=InclusionLevel.NOT_IN_NAV)
        files.append(page)
    return files


def on_page_markdown(markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Point the links that leave docs/ at those pages."""
    if page.file.abs_src_path is None:
        return markdown
    here = Path(page.file.abs_src_path)

    def redirected(found: re.Match[str]) -> str:
        path = outside(here, found[1])
        if path is None:
            return found[0]
        target = get_relative_url(f"source/{path}.md", page.file.src_uri)
        return found[0].replace(f"]({found[1]}", f"]({target}")

    return LINK.sub(redirected, markdown)
