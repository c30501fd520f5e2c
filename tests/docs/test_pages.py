# SPDX-License-Identifier: Apache-2.0
"""The generated parts of the documentation are those of this code."""

import json
import re
from pathlib import Path

import check_links
import make_diagrams
import make_full_size
import make_readme
import make_tables
import make_waves
import pytest
from pages import ROOT

from edgemoe import numerics
from edgemoe.config import MODELS, board

DOCS = ROOT / "docs"


@pytest.mark.parametrize("page", make_tables.PAGES)
def test_generated_tables_are_up_to_date(page: str) -> None:
    assert make_tables.rendered(page) == (DOCS / page).read_text(), "run `make tables`"


def test_the_readme_has_the_figures_of_its_run() -> None:
    kept = json.loads((DOCS / "pictures" / "run.json").read_text())
    text = (DOCS.parent / "README.md").read_text()
    models = json.loads((DOCS.parent / "models" / "figures.json").read_text())
    assert make_readme.filled(text, kept, models) == text, "run `make pictures`"


def test_the_page_on_waves_has_the_figures_of_its_runs() -> None:
    kept = json.loads((DOCS / "pictures" / "waves.json").read_text())
    text = (DOCS / "how-to" / "waves.md").read_text()
    assert make_waves.filled(text, kept) == text, "run `make pictures`"


def test_the_picture_of_waves_begins_at_the_first_command(monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock of period 2; a command before the program was read is none of its commands."""

    def seen(_: Path, names: list[str]) -> dict[str, list[make_waves.Change]]:
        made = {name: [(0, 0), (640, 1)] for name in names}
        made["top.ap_clk"] = [(time, time % 2) for time in range(2000)]
        made[f"{make_waves.CORE}commands_valid"] = [(0, 0), (50, 1), (52, 0), (700, 1)]
        return made

    monkeypatch.setattr(make_waves, "changes", seen)
    drawn = make_waves.picture(Path("waves.fst"))
    assert drawn.startswith("<?xml") and drawn == make_waves.picture(Path("waves.fst"))


def test_a_broken_link_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check_links, "ROOT", tmp_path)
    page = tmp_path / "page.md"
    page.write_text(
        "# A heading\n[good](#a-heading) [web](https://example.org) `[not](a-link)`\n"
        "```\n[nor](this)\n```\n[bad](missing.md) [worse](#no-heading) `hls/none.hpp`\n"
    )
    assert [problem.rsplit(": ", 1)[1] for problem in check_links.broken_links(page)] == [
        "hls/none.hpp",
        "missing.md",
        "#no-heading",
    ]


@pytest.mark.parametrize("name", make_diagrams.DIAGRAMS)
def test_diagrams_are_up_to_date(name: str) -> None:
    kept = (DOCS / "pictures" / f"{name}.svg").read_text()
    assert make_diagrams.svg(make_diagrams.DIAGRAMS[name]) == kept, "run `make tables`"


def test_the_figures_at_full_size_are_those_of_their_runs() -> None:
    rows = json.loads(make_full_size.FIGURES.read_text())
    for page, tables in make_full_size.pages(rows).items():
        assert make_full_size.filled(page.read_text(), tables) == page.read_text(), "run `make full-size`"


def test_the_diagram_of_the_processes_has_every_stream() -> None:
    """Each stream and bundle that the accelerator's source declares is an arrow, and nothing else is.

    The stripes of the weights are one box, their bundles one arrow.
    """
    source = (ROOT / "hls" / "kernels" / "accelerator.cpp").read_text()
    streams = set(re.findall(r"^  hls::stream<[^;]*?>+ (\w+);", source, re.MULTILINE))
    ports = re.findall(r"m_axi port = (\w+) bundle = (\w+)", source)
    arrows = make_diagrams.DIAGRAMS["processes"].arrows
    assert {arrow.text for arrow in arrows if "," not in arrow.text} == streams
    drawn = [
        ({arrow.start, arrow.end}, f"gmem{i}")
        for arrow in arrows
        if (named := re.match(r"gmem(\d)(?:–(\d))?,", arrow.text))
        for i in range(int(named[1]), int(named[2] or named[1]) + 1)
    ]
    assert len(drawn) == len(ports)
    assert all(
        any(port.rstrip("0123") in ends and bundle == text for ends, text in drawn) for port, bundle in ports
    )


def test_the_memories_of_the_machine_are_the_build_s() -> None:
    build, page = board("sim-small"), (DOCS / "reference" / "machine.md").read_text()
    word, tile = f"{build.rows} × int", f"{build.cols} × int"
    sizes = {
        "act": f"{build.act_depth} × {word}16",
        "keys": f"{build.key_depth} × {word}16",
        "residual": f"{build.residual_depth} × {word}{numerics.RESIDUAL_BITS}",
        "accum": f"{build.residual_depth} × {word}32",
        "psum": f"{build.max_tokens} × {tile}{build.acc_bits}",
        "scores": f"{build.score_depth} × {word}18",
        "maxima": f"{build.max_tokens} × int8",
        "gate": f"{build.max_experts // build.cols} × {build.max_tokens} × {tile}{build.acc_bits}",
        "choice": f"{build.max_tokens} × {build.choice_bits} bit",
        "queue": f"{build.max_experts} × {build.max_tokens}",
    }
    assert {
        name: size for name, size in re.findall(r"^\| `(\w+)` \| ([\d× intb]+) \|", page, re.MULTILINE)
    } == sizes
    assert f"array of {build.rows} × {build.cols} = {build.macs} multiply-accumulate units" in page
    assert f"Tokens are at most {build.max_tokens}" in page


def test_the_memory_map_of_nano_is_its_program_s() -> None:
    """The column `nano` of the memory map: first and last word of each tensor in `act`."""
    nano, page = MODELS["nano"], (DOCS / "reference" / "machine.md").read_text()
    tokens, planes = nano.tokens, nano.dim // 32
    a = tokens * max(planes, nano.heads)
    ranges = [
        (0, nano.patch_inputs // 32 * nano.patches),
        (0, a),
        (a, a + nano.heads * tokens),
        (a, a + nano.dense_hidden // 32 * tokens),
    ]
    rows = page.split("| words | from | until | nano |\n|---|---|---|---|\n")[1].split("\n\n")[0].splitlines()
    cells = ", ".join(row.rsplit(" | ", 1)[1].removesuffix(" |") for row in rows)
    assert cells == ", ".join(f"{first}–{last - 1}" for first, last in ranges)


def test_the_limits_that_the_page_of_packages_names_are_the_numerics() -> None:
    text = (ROOT / "docs" / "reference" / "package.md").read_text()
    assert f"s 0 … {numerics.CONTEXT_SHIFT_MAX} |" in text
