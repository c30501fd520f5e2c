# SPDX-License-Identifier: Apache-2.0
"""Runs the notebooks and keeps their outputs in them: `make notebooks`.

usage: make_notebooks.py [NAME ...]     run all notebooks, or those named, and write them
       make_notebooks.py frames         render the recorded street of live_video again

What is written depends on the code alone: no times, no paths of this machine, no counters of the session. A cell with
the tag `varies` shows what depends on the processor (floating point); of it only the kind of output is compared.
tests/notebooks holds what is committed against a fresh run.
"""

import base64
import io
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from PIL import Image

from edgemoe import faults
from edgemoe.caches import build_root, keep_inside
from edgemoe.config import write_if_changed
from edgemoe.errors import UserError

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = ROOT / "host" / "edgemoe" / "notebooks"
FRAMES = NOTEBOOKS / "frames"
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
CELL_SECONDS = 300  # for a cell; the first may have to build the simulation
STREET, COUNT, STEP = 9010, 10, 1.0  # validation scene; frames; metres between two
SIZE, QUALITY = (128, 256), 90  # of a frame, height and width; of its JPEG
VARIES = "varies"


def names() -> list[str]:
    """The notebooks, without their ending."""
    return sorted(path.stem for path in NOTEBOOKS.glob("*.ipynb"))


def executed(name: str) -> nbformat.NotebookNode:
    """The notebook after a run from scratch, in a folder of its own with what is delivered beside it.

    Raises:
        UserError: a cell failed; which, and with what.
    """
    notebook = nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    (build_root() / "cache").mkdir(parents=True, exist_ok=True)  # where the kernel makes its folders
    path = os.pathsep.join(filter(None, [str(ROOT / "host"), os.environ.get("PYTHONPATH")]))
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(NOTEBOOKS, Path(folder) / name, ignore=shutil.ignore_patterns("__pycache__", "*.py"))
        client = NotebookClient(
            notebook,
            kernel_name="python3",  # of this Python, since no other is looked for
            timeout=CELL_SECONDS,
            record_timing=False,
            resources={"metadata": {"path": str(Path(folder) / name)}},
        )
        try:
            client.execute(env={**os.environ, "PYTHONPATH": path})
        except CellExecutionError as failure:
            raise UserError(f"Notebook {name} failed: {failure.ename}: {failure.evalue}\n{failure}") from None
    return tidy(notebook)


def tidy(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Only what the code decides: one text a stream, known metadata, the rest gone."""
    notebook.metadata = nbformat.from_dict(METADATA)
    for cell in notebook.cells:
        tags = cell.metadata.get("tags")
        cell.metadata = nbformat.from_dict({"tags": tags} if tags else {})
        if cell.cell_type == "code":
            cell.outputs = _joined(cell.outputs)
    nbformat.validate(notebook)
    return notebook


def _joined(outputs: list[Any]) -> list[Any]:
    """Without what PYNQ sends to the page when it is imported, and without a picture's second format."""
    kept: list[Any] = []
    for output in outputs:
        if set(output.get("data", ())) == {"application/javascript"}:
            continue
        if "image/png" in output.get("data", ()):
            output.data.pop("image/jpeg", None)
        if output.output_type == "stream" and kept and kept[-1].get("name") == output.name:
            kept[-1].text += output.text
        else:
            kept.append(output)
        output.get("metadata", {}).clear()
    return kept


def differences(committed: nbformat.NotebookNode, fresh: nbformat.NotebookNode) -> list[str]:
    """What a fresh run shows otherwise than the committed notebook; text as it is, pictures by their pixels."""
    found = []
    for before, after in zip(committed.cells, fresh.cells, strict=True):
        if before.cell_type != "code":
            continue
        varies = VARIES in before.metadata.get("tags", [])
        one, other = ([_comparable(output, varies) for output in cell.outputs] for cell in (before, after))
        if one != other or before.execution_count != after.execution_count:
            found.append(f"cell {before.id}: committed\n{_words(before)}\nfresh\n{_words(after)}")
    return found


def _comparable(output: Any, varies: bool) -> Any:
    if output.output_type == "stream":
        return "stream", output.name, None if varies else output.text
    data = {kind: _decoded(kind, value, varies) for kind, value in output.data.items()}
    return output.output_type, data


def _decoded(kind: str, value: Any, varies: bool) -> Any:
    if kind == "image/png":
        pixels = np.asarray(Image.open(io.BytesIO(base64.b64decode(value))).convert("RGB"))
        return (pixels.shape, None if varies else pixels.tobytes())
    return None if varies else value


def _words(cell: Any) -> str:
    texts = [output.get("text") or list(output.get("data", {}).items()) for output in cell.outputs]
    return "\n".join(str(text)[:2000] for text in texts)


def render_frames() -> None:
    """A street of the validation scenes, with a camera that goes down it."""
    from edgemoe.config import model_preset
    from edgemoe.model.scenes import VALIDATION, render

    for number in range(COUNT):
        batch = render([VALIDATION[STREET]], *SIZE, model_preset("nano").depth_range, forward=[number * STEP])
        picture = Image.fromarray(batch.image[0].permute(1, 2, 0).numpy())
        picture.save(FRAMES / f"{number:02}.jpg", quality=QUALITY, subsampling=0)


def main() -> None:
    """Run and write what the command line names."""
    keep_inside(ROOT)
    if sys.argv[1:] == ["frames"]:
        return render_frames()
    for name in sys.argv[1:] or names():
        if name not in names():
            raise UserError(f"There is no notebook {name!r}; there are {', '.join(names())}.")
        print(name, flush=True)
        write_if_changed(NOTEBOOKS / f"{name}.ipynb", nbformat.writes(executed(name)) + "\n")


if __name__ == "__main__":
    faults.end(main)
