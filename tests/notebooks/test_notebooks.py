# SPDX-License-Identifier: Apache-2.0
"""The committed notebooks are what a fresh run on the simulated board gives, and are fit to be shipped."""

import copy
import re
from pathlib import Path

import make_notebooks
import nbformat
import numpy as np
import pytest
from PIL import Image

NAMES = ["first_image", "live_video", "own_kernel", "own_weights", "profile"]
MOST_BYTES, MOST_FRAME_BYTES = 3 << 20, 400 << 10
PICTURE = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGNgYGAAAAAEAAH2FzhVAAAAAElFTkSuQmCC"
OTHER = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4//8/AAX+Av4N70a4AAAAAElFTkSuQmCC"


def read(name: str) -> nbformat.NotebookNode:
    return nbformat.read(make_notebooks.NOTEBOOKS / f"{name}.ipynb", as_version=4)


def test_all_notebooks_are_tested() -> None:
    assert make_notebooks.names() == NAMES


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_fresh_run_shows_what_is_committed(
    name: str, overlay: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is written to the home folder either."""
    monkeypatch.setenv("HOME", str(tmp_path))
    fresh = make_notebooks.executed(name)
    assert make_notebooks.differences(read(name), fresh) == [], "run `make notebooks`"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", NAMES)
def test_nothing_of_a_machine_is_in_the_outputs(name: str) -> None:
    notebook = read(name)
    nbformat.validate(notebook)
    assert notebook == make_notebooks.tidy(copy.deepcopy(notebook)), "run `make notebooks`"
    for cell in notebook.cells:
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", cell.id)
        if cell.cell_type == "code":
            shown = str(
                [{**output, "data": output.get("data", {}).get("text/plain")} for output in cell.outputs]
            )
            assert not re.search(r"/(?:home|root|work|tmp|usr)/|0x[0-9a-f]{9,}|\d\.\d* ?s\b", shown), cell.id
            assert "False" not in shown, f"{cell.id} shows a comparison that failed"
            assert not [o for o in cell.outputs if o.output_type == "error" or o.get("name") == "stderr"], (
                cell.id
            )


@pytest.mark.parametrize("name", NAMES)
def test_every_notebook_says_where_it_runs(name: str) -> None:
    head = read(name).cells[0]
    assert head.cell_type == "markdown" and head.source.startswith("# ")
    assert "**Runs on**" in head.source and "board" in head.source


def test_the_folder_is_small() -> None:
    files = [path for path in make_notebooks.NOTEBOOKS.rglob("*") if "__pycache__" not in path.parts]
    assert sum(path.stat().st_size for path in files if path.is_file()) < MOST_BYTES
    frames = sorted(make_notebooks.FRAMES.iterdir())
    assert [path.name for path in frames] == [f"{number:02}.jpg" for number in range(make_notebooks.COUNT)]
    assert sum(path.stat().st_size for path in frames) < MOST_FRAME_BYTES


@pytest.mark.slow
def test_the_frames_are_of_their_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pixel by pixel nearly: rays are cast in floating point, and a JPEG is not exact."""
    committed = [np.asarray(Image.open(path)) for path in sorted(make_notebooks.FRAMES.iterdir())[:2]]
    monkeypatch.setattr(make_notebooks, "FRAMES", tmp_path)
    monkeypatch.setattr(make_notebooks, "COUNT", 2)
    make_notebooks.render_frames()
    for number, before in enumerate(committed):
        after = np.asarray(Image.open(tmp_path / f"{number:02}.jpg"))
        assert np.abs(before.astype(int) - after).mean() < 0.5
    assert np.abs(committed[0].astype(int) - committed[1]).mean() > 1, "the camera does not move"


def notebook(text: str, picture: str, *tags: str) -> nbformat.NotebookNode:
    """One cell with a text and a picture."""
    stream = nbformat.v4.new_output("stream", name="stdout", text=text)
    shown = nbformat.v4.new_output("display_data", data={"image/png": picture})
    cell = nbformat.v4.new_code_cell("pass", outputs=[stream, shown], execution_count=1)
    cell.metadata["tags"] = list(tags)
    return nbformat.v4.new_notebook(cells=[cell])


def test_a_difference_is_seen() -> None:
    before = notebook("one\n", PICTURE)
    assert make_notebooks.differences(before, notebook("one\n", PICTURE)) == []
    assert make_notebooks.differences(before, notebook("two\n", PICTURE))
    assert make_notebooks.differences(before, notebook("one\n", OTHER))
    missing = notebook("one\n", PICTURE)
    del missing.cells[0].outputs[1]
    assert make_notebooks.differences(before, missing)


def test_of_a_cell_that_varies_the_kind_is_compared() -> None:
    before = notebook("one\n", PICTURE, "varies")
    assert make_notebooks.differences(before, notebook("two\n", OTHER, "varies")) == []
    missing = notebook("one\n", PICTURE, "varies")
    del missing.cells[0].outputs[1]
    assert make_notebooks.differences(before, missing)


def test_only_floating_point_varies() -> None:
    tagged = {
        (name, cell.id)
        for name in NAMES
        for cell in read(name).cells
        if "varies" in cell.metadata.get("tags", [])
    }
    assert {name for name, _ in tagged} == {"own_weights"} and len(tagged) == 3
