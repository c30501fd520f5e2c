# SPDX-License-Identifier: Apache-2.0
"""The documentation as a site: it builds without a warning, is whole, and loads nothing from the web."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from pages import ROOT

LOADS = re.compile(
    r"<(?:script|img|iframe|source|video|audio|embed|object)\b[^>]*?\b(?:src|srcset|data)=\"?(?:https?:)?//[^\"\s>]+"
    r"|<link\b(?![^>]*rel=\"?(?:canonical|prev|next))[^>]*?\bhref=\"?(?:https?:)?//[^\"\s>]+"
    r"|url\(['\"]?(?:https?:)?//[^)]+"
    r"|@import\s+['\"](?:https?:)?//[^'\"]+"
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built site, as `make docs` builds it but for its folder."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)]
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, "NO_MKDOCS_2_WARNING": "1"}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.mark.slow
def test_nothing_is_loaded_from_the_web(site: Path) -> None:
    pages = [*site.rglob("*.html"), *site.rglob("*.css"), *site.rglob("*.svg")]
    found = {found for page in pages for found in LOADS.findall(page.read_text())}
    assert not found
    # The theme's script would fetch a drawing library for a page with such a block, and only then.
    assert not [page for page in site.rglob("*.html") if 'class="mermaid"' in page.read_text()]


@pytest.mark.slow
def test_every_link_of_the_site_leads_somewhere(site: Path) -> None:
    missing = []
    for page in site.rglob("*.html"):
        if page.name == "404.html":  # its links are absolute: it may stand anywhere
            continue
        for link in re.findall(r"\b(?:href|src)=\"?([^\"\s>]+)", page.read_text()):
            path = link.split("#")[0].split("?")[0]
            if path and not re.match(r"[a-z]+:", link) and not (page.parent / path).exists():
                missing.append(f"{page.relative_to(site)}: {link}")
    assert not missing


@pytest.mark.slow
def test_source_files_have_a_page(site: Path) -> None:
    page = site / "source" / "host" / "edgemoe" / "sim" / "native" / "dram.cpp.html"
    assert "SPDX-License-Identifier" in page.read_text()
    assert (
        "source/host/edgemoe/sim/native/dram.cpp.html" in (site / "how-to" / "pynq-program.html").read_text()
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("page", "name"),
    [
        ("package", "edgemoe.package.load"),
        ("package", "edgemoe.images.read_image"),
        ("run", "edgemoe.program.build_program"),
        ("accelerator", "edgemoe.runtime.accelerator.Accelerator.infer"),
        ("accelerator", "edgemoe.runtime.driver.AcceleratorIp.start"),
        ("simulation", "edgemoe.sim.verilate.verilate"),
        ("compiler", "edgemoe.compiler.driver.compile_file"),
    ],
)
def test_the_reference_has_the_public_names(site: Path, page: str, name: str) -> None:
    assert f'id="{name}"' in (site / "reference" / "api" / f"{page}.html").read_text()


@pytest.mark.parametrize(
    "text",
    [
        '<script async src="https://example.org/a.js">',
        '<link rel="stylesheet" href="//example.org/a.css">',
        "@font-face{src:url(https://example.org/f.woff)}",
        "<img alt=x src=https://example.org/a.png>",
    ],
)
def test_a_load_is_seen(text: str) -> None:
    assert LOADS.findall(text)
    assert not LOADS.findall('<a href="https://example.org">')
