# SPDX-License-Identifier: Apache-2.0
"""The generated parts of the documentation are those of this code."""

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import pytest

DOCS = Path(__file__).resolve().parents[2] / "docs"


def script(name: str) -> ModuleType:
    """A script of docs/ as a module."""
    spec = importlib.util.spec_from_file_location(name, DOCS / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("page", ["reference/commands.md", "reference/arithmetic.md"])
def test_generated_tables_are_up_to_date(page: str) -> None:
    assert script("make_tables").rendered(page) == (DOCS / page).read_text(), "run `make tables`"


def test_the_readme_has_the_figures_of_its_run() -> None:
    kept = json.loads((DOCS / "pictures" / "run.json").read_text())
    text = (DOCS.parent / "README.md").read_text()
    models = json.loads((DOCS.parent / "models" / "figures.json").read_text())
    assert script("make_readme").filled(text, kept, models) == text, "run `make pictures`"


def test_a_broken_link_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    links = script("check_links")
    monkeypatch.setattr(links, "ROOT", tmp_path)
    page = tmp_path / "page.md"
    page.write_text(
        "# A heading\n[good](#a-heading) [web](https://example.org) `[not](a-link)`\n"
        "```\n[nor](this)\n```\n[bad](missing.md) [worse](#no-heading) `hls/none.hpp`\n"
    )
    assert [problem.rsplit(": ", 1)[1] for problem in links.broken_links(page)] == [
        "hls/none.hpp",
        "missing.md",
        "#no-heading",
    ]
