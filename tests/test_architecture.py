# SPDX-License-Identifier: Apache-2.0
"""Which room of the package may import which: one way down, heavy packages at the edge."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "host" / "edgemoe"

# A room is a module or subpackage of edgemoe; it may import itself and what is listed. Every room may
# import `errors`. A room that is missing here is a new one: give it a line.
BASE = {"config", "numerics"}
FILE = BASE | {"package", "registers"}
ROOMS: dict[str, set[str]] = {
    "__init__": {"runtime"},
    "errors": set(),
    "config": {"numerics"},
    "numerics": set(),
    "compiler": {"folders"},
    "built": set(),
    "verilator": {"built"},
    "report": set(),
    "caches": set(),
    "faults": {"caches"},
    "folders": set(),
    "progress": set(),
    "png": set(),
    "images": BASE | {"files", "png"},
    "outputs": BASE,
    "registers": BASE,
    "files": set(),
    "arrays": {"files"},
    "tensors": {"files"},
    "powers": BASE,
    "package": BASE | {"files", "powers", "tensors"},
    "shards": {"files", "tensors"},
    "checkpoint": BASE | {"files", "shards", "tensors"},
    "imports": BASE | {"files", "tensors", "checkpoint", "golden"},
    "model": BASE | {"arrays", "files", "checkpoint", "images", "powers", "tensors"},
    "compensation": set(),
    "rounding": {"compensation", "numerics", "powers"},
    "export": FILE | {"powers", "rounding"},
    "ranges": FILE | {"checkpoint", "export", "files", "tensors"},
    "program": FILE,
    "kernels": BASE | {"caches", "registers"},
    "blockdesign": BASE,
    "sim": BASE
    | {"blockdesign", "built", "caches", "compiler", "faults", "kernels", "registers", "verilator"},
    "bitstream": BASE | {"blockdesign", "faults", "folders", "kernels", "progress", "registers", "sim"},
    "golden": FILE | {"program", "export", "powers"},
    "runtime": FILE | {"program", "outputs", "images", "files", "report"},
    "csim": FILE | {"caches", "kernels", "program", "compiler"},
    "backends": FILE | {"program", "golden", "csim", "runtime", "sim"},
    "inputs": BASE | {"package", "images", "progress", "shipped"},
    "quant": FILE
    | {"program", "golden", "model", "images", "outputs", "export"}
    | {"arrays", "built", "checkpoint", "faults", "files", "powers", "progress", "ranges", "rounding"}
    | {"shipped", "tensors"},
    "cosim": FILE
    | {"caches", "program", "backends", "sim", "report", "results", "inputs"}
    | {"folders", "progress", "shipped"},
    "notebooks": set(),
    "overlays": BASE | {"caches", "files", "sim"},
    "boardtest": FILE
    | {"program", "golden", "backends", "runtime", "sim", "cosim"}
    | {"files", "folders", "inputs", "progress", "shipped"},
    "shipped": FILE
    | {
        "built",
        "caches",
        "checkpoint",
        "export",
        "files",
        "powers",
        "ranges",
        "rounding",
        "shards",
        "tensors",
    },
    "results": FILE | {"decoder", "report", "images", "outputs"},
    "demo": BASE
    | {"backends", "caches", "cosim", "faults", "images", "infer", "inputs", "package", "program"}
    | {"progress", "report", "results", "shipped"},
    "decoder": BASE | {"files"},
    "dense": BASE | {"checkpoint", "golden", "powers", "quant", "tensors"},
    "inspect_package": FILE | {"progress", "shipped"},
    "infer": FILE
    | {"caches", "decoder"}
    | {
        "program",
        "backends",
        "inputs",
        "model",
        "report",
        "results",
        "shipped",
        "folders",
        "progress",
        "sim",
    },
    "mutate": set(),
    "synth": BASE
    | {"blockdesign", "built", "caches", "compiler", "folders", "kernels", "progress", "registers", "sim"},
    "cli": {"*"},
    "__main__": {"cli"},
}
# Heavy packages and the only rooms that may import them.
HEAVY = {
    "torch": {"model", "quant", "imports"},
    "onnx": {"quant", "imports", "decoder"},
    "onnxruntime": {"quant", "decoder"},
    "pynq": {"runtime", "sim"},
    "cocotb": set(),
    "llvmlite": {"compiler"},
    "networkx": {"compiler"},
    "gradio": {"demo"},
    "fastapi": {"demo"},
    "uvicorn": {"demo"},
}

FILES = sorted(PACKAGE.rglob("*.py"))


def room_of(path: Path) -> str:
    """The room a file of the package belongs to: `golden` for golden/linear.py."""
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def imports(text: str, path: Path) -> set[str]:
    """Absolute dotted names of everything that a file imports, at its top or inside a function."""
    package = ("edgemoe", *path.relative_to(PACKAGE).parent.parts)
    found = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join([*base, *(node.module or "").split(".")]).strip(".")
            found |= {f"{module}.{alias.name}" for alias in node.names} if module == "edgemoe" else {module}
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_go_down(path: Path) -> None:
    room = room_of(path)
    assert room in ROOMS, f"{room} is a new room: say in {Path(__file__).name} what it may import"
    allowed = ROOMS[room] | {room, "errors", "__version__"}
    for name in imports(path.read_text(), path):
        parts = name.split(".")
        if parts[0] == "edgemoe" and len(parts) > 1 and "*" not in allowed:
            assert parts[1] in allowed, f"{path}: {room} may not import edgemoe.{parts[1]}"
        if parts[0] in HEAVY:
            assert room in HEAVY[parts[0]], f"{path}: {room} may not import {parts[0]}"


def test_importing_the_package_needs_numpy_only() -> None:
    code = "import sys, edgemoe, edgemoe.cli, edgemoe.report; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert not {"torch", "pynq", "cocotb", "onnx", "llvmlite", "matplotlib"} & set(loaded.stdout.split())


def test_help_waits_for_no_package() -> None:
    """`edgemoe --help` and the completion in a shell load click, and no NumPy."""
    code = "import sys, edgemoe.cli; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert "numpy" not in loaded.stdout.split()


def test_an_upward_import_is_seen() -> None:
    """The check itself: relative, absolute and late imports are all found."""
    text = "from ..cosim import run\nimport edgemoe.cli\nfrom edgemoe import sim\ndef f(): import torch\n"
    found = imports(text, PACKAGE / "golden" / "sample.py")
    assert {"edgemoe.cosim", "edgemoe.cli", "edgemoe.sim", "torch"} <= found
