# SPDX-License-Identifier: Apache-2.0
"""The loaders that are fuzzed: for each kind of file some good ones, how to damage them, and what reads them."""

from __future__ import annotations

import dataclasses
import io
import json
import os
import random
import shutil
import struct
import tempfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import damage
import numpy as np
from PIL import Image
from safetensors.numpy import load, save

from edgemoe import package as packages
from edgemoe.arrays import read_npy
from edgemoe.checkpoint import FORMAT, read_checkpoint, write_halves
from edgemoe.config import ModelConfig
from edgemoe.golden.random_package import random_package, random_state
from edgemoe.images import read_image
from edgemoe.imports import Options, import_checkpoint
from edgemoe.inspect_package import contents, describe
from edgemoe.package import Package
from edgemoe.quant.calibrate import calibrate
from edgemoe.quant.quantise import float_state
from edgemoe.quant.scenes import load_prior
from edgemoe.ranges import read_ranges, write_ranges

ROOT = Path(__file__).resolve().parents[2]
TINY = ModelConfig(
    name="tiny", height=8, width=16, patch=4, dim=8, heads=2, layers=2, dense_hidden=8, experts=2, expert_hidden=8,
    top_k=1, head_hidden=8,
)  # fmt: skip


@dataclass(frozen=True)
class Kind:
    """One kind of file. load: reads a path and checks what it gives; raises UserError or nothing."""

    suffix: str
    seeds: Callable[[], list[bytes]]
    steps: list[damage.Step]
    load: Callable[[Path], None]

    def input(self, name: str, seed: int, leave_out: frozenset[int] = frozenset()) -> bytes:
        """The damaged file of a seed: up to four steps, those in `leave_out` not taken."""
        rng = random.Random(f"{name} {seed}")
        good = self.seeds()
        data = good[rng.randrange(len(good))]
        for i in range(rng.choice([1, 1, 2, 3, 4])):
            step = random.Random(f"{name} {seed} {i}")
            if i not in leave_out:
                chosen = step.choice(damage.ANY if step.random() < 0.3 else self.steps)
                data = chosen(data, step)
        return data


@cache
def packages_seeds() -> list[bytes]:
    configs = [TINY, dataclasses.replace(TINY, experts=0), dataclasses.replace(TINY, gate="task_embedding")]
    return [packages.to_bytes(random_package(config, 1)) for config in configs]


@cache
def checkpoint_seeds() -> list[bytes]:
    files = []
    for config in (TINY, dataclasses.replace(TINY, gate="task_embedding")):
        state = random_state(config, np.random.default_rng(0))
        texts = {
            "format": FORMAT,
            "config": json.dumps(config.to_dict()),
            "training": json.dumps({"steps": 1}),
        }
        files.append(save({name: t.astype(np.float32) for name, t in state.items()}, texts))
    return files


def import_seeds(name: str) -> list[bytes]:
    """A checkpoint of another library, small."""
    return [(ROOT / "tests" / "imports" / "fixtures" / "timm-deit-distilled" / name).read_bytes()]


@cache
def state_dict_seeds() -> list[bytes]:
    """The same tensors as PyTorch saves them: as it does today, and as it did."""
    import torch

    tensors = {
        name: torch.from_numpy(array) for name, array in load(import_seeds("model.safetensors")[0]).items()
    }
    files = []
    for new in (True, False):
        file = io.BytesIO()
        torch.save({"model": tensors}, file, _use_new_zipfile_serialization=new)
        files.append(file.getvalue())
    return files


@cache
def ranges_seeds() -> list[bytes]:
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / name for name in ("m.safetensors", "m.ranges.safetensors")]
        paths[0].write_bytes(checkpoint_seeds()[0])
        checkpoint = read_checkpoint(paths[0])
        image = np.random.default_rng(1).integers(0, 256, (TINY.height, TINY.width, 3), dtype=np.uint8)
        write_ranges(paths[1], calibrate(TINY, float_state(checkpoint), [image]), checkpoint)
        return [paths[1].read_bytes()]


@cache
def shards() -> dict[str, bytes]:
    """A checkpoint in shards: file name -> content, the index first."""
    with tempfile.TemporaryDirectory() as folder:
        index = Path(folder) / "tiny.safetensors.index.json"
        write_halves(index, TINY, random_state(TINY, np.random.default_rng(0)), {"steps": 1}, 2000)
        paths = sorted(Path(folder).iterdir(), key=lambda path: path != index)
        return {path.name: path.read_bytes() for path in paths}


def index_seeds() -> list[bytes]:
    return [next(iter(shards().values()))]


def saved(image: Image.Image, form: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


@cache
def png_seeds() -> list[bytes]:
    rng = np.random.default_rng(1)
    colour = Image.fromarray(rng.integers(0, 256, (9, 12, 3), dtype=np.uint8))
    exif = colour.getexif()
    exif[0x0112] = 6
    files = [
        saved(colour, "PNG"),
        saved(colour, "PNG", exif=exif),
        saved(colour, "PNG", transparency=(1, 2, 3), icc_profile=b"no profile"),
        saved(colour, "PNG", save_all=True, append_images=[colour.transpose(Image.Transpose.ROTATE_180)]),
        saved(Image.fromarray(rng.integers(0, 65536, (9, 12), dtype=np.uint16)), "PNG", transparency=30000),
    ]
    for mode in ("1", "L", "LA", "P", "RGBA"):
        options = {"transparency": 0} if mode in ("1", "L", "P") else {}
        files.append(saved(colour.convert(mode), "PNG", **options))
    for depth, form, row in ((2, 0, 1), (16, 2, 24), (16, 4, 16), (16, 6, 32), (4, 3, 2), (8, 0, 4)):
        parts = [(b"IHDR", struct.pack(">IIBBBBB", 4, 3, depth, form, 0, 0, 0))]
        parts += [(b"PLTE", bytes(range(48)))] if form == 3 else []
        parts += [(b"tRNS", bytes(6 if form == 2 else 2))] if form in (0, 2, 3) else []
        parts += [(b"IDAT", zlib.compress((b"\0" + rng.bytes(row)) * 3)), (b"IEND", b"")]
        files.append(damage.PNG + b"".join(damage.chunk(*part) for part in parts))
    return files


@cache
def jpeg_seeds() -> list[bytes]:
    colour = Image.fromarray(np.random.default_rng(2).integers(0, 256, (17, 25, 3), dtype=np.uint8))
    exif = colour.getexif()
    exif[0x0112], exif[0x010F], exif[0x8769] = 8, "maker", {0x9003: "2026:01:01 00:00:00"}
    return [
        saved(colour, "JPEG"),
        saved(colour, "JPEG", exif=exif),
        saved(colour, "JPEG", progressive=True, subsampling=0, comment=b"x"),
        saved(colour.convert("L"), "JPEG", restart_marker_blocks=1),
        saved(colour.convert("CMYK"), "JPEG", dpi=(72, 72)),
    ]


@cache
def npy_seeds() -> list[bytes]:
    files = []
    for array in (np.ones((3, 4), np.float32), np.asfortranarray(np.ones((3, 4)))):
        file = io.BytesIO()
        np.save(file, array)
        files.append(file.getvalue())
    return files


@cache
def npz_seeds() -> list[bytes]:
    files = []
    for write in (np.savez, np.savez_compressed):
        file = io.BytesIO()
        write(file, label=np.ones((3, 4), np.uint8), depth=np.ones((3, 4), np.float16))
        files.append(file.getvalue())
    return files


@cache
def hwh_seeds() -> list[bytes]:
    return [(ROOT / "bitstreams" / "sim-small" / "edgemoe.hwh").read_bytes()]


def load_package(path: Path) -> None:
    package = packages.load(path)
    packages.check(package)
    assert isinstance(package, Package) and len(package.sha256) == 64
    describe(contents(path)).encode()


def load_checkpoint(path: Path) -> None:
    checkpoint = read_checkpoint(path)
    assert all(np.isfinite(t).all() and t.dtype == np.float32 for t in checkpoint.tensors.values())
    checkpoint.config.name.encode()


def load_import(path: Path) -> None:
    """A damaged checkpoint of others; it becomes one of ours, or nothing is left."""
    options = Options(
        heads=3, eps=1e-6, activation="gelu", normalise="imagenet", size=(12, 12), resize="stretch"
    )
    out = path.with_name("imported.safetensors")
    try:
        import_checkpoint(path, out, options)
        load_checkpoint(out)
    finally:
        out.unlink(missing_ok=True)


def load_index(path: Path) -> None:
    """A damaged index beside shards that are whole."""
    for name, data in list(shards().items())[1:]:
        if not path.with_name(name).is_file():
            path.with_name(name).write_bytes(data)
    load_checkpoint(path)


def load_ranges(path: Path) -> None:
    """Damaged ranges of a checkpoint that is whole."""
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        whole = Path(folder) / "m.safetensors"
        whole.write_bytes(checkpoint_seeds()[0])
        checkpoint = read_checkpoint(whole)
    found = read_ranges(path, checkpoint)
    assert all(np.isfinite(mean).all() for mean in found.means(checkpoint.config).values())
    assert found.images >= 1 and min(found.scales().values()) > 0


def load_image(path: Path) -> None:
    pixels = read_image(path)
    assert pixels.dtype == np.uint8 and pixels.ndim == 3 and pixels.shape[2] == 3 and pixels.size


def load_npy(path: Path) -> None:
    assert read_npy(path, "Depth", (3, 4), "f").shape == (3, 4)


def load_npz(path: Path) -> None:
    prior = load_prior(path)
    assert prior.label.dtype == np.uint8 and prior.label.shape == prior.depth.shape


def load_hwh(path: Path) -> None:
    from edgemoe.sim.description import read_description

    assert read_description(path).ip_dict


KINDS = {
    "package": Kind(".safetensors", packages_seeds, [damage.tensors, damage.values], load_package),
    "checkpoint": Kind(".safetensors", checkpoint_seeds, [damage.tensors, damage.values], load_checkpoint),
    "import": Kind(
        ".safetensors",
        lambda: import_seeds("model.safetensors"),
        [damage.tensors, damage.values],
        load_import,
    ),
    "state-dict": Kind(".pth", state_dict_seeds, damage.ANY, load_import),
    "onnx": Kind(".onnx", lambda: import_seeds("dynamo.onnx"), damage.ANY, load_import),
    "index": Kind(".safetensors.index.json", index_seeds, damage.ANY, load_index),
    "ranges": Kind(".ranges.safetensors", ranges_seeds, [damage.tensors, damage.values], load_ranges),
    "png": Kind(".png", png_seeds, [damage.png], load_image),
    "jpeg": Kind(".jpg", jpeg_seeds, [damage.jpeg], load_image),
    "npy": Kind(".npy", npy_seeds, damage.ANY, load_npy),
    "npz": Kind(".npz", npz_seeds, damage.ANY, load_npz),
    "hwh": Kind(".hwh", hwh_seeds, [damage.xml], load_hwh),
}


def scratch() -> Path:
    """A folder of our own inside the checkout."""
    folder = ROOT / "build" / "fuzz"
    folder.mkdir(parents=True, exist_ok=True)
    for left in folder.glob("work-*"):  # of a campaign that was killed
        if not Path(f"/proc/{left.name.split('-')[1]}").exists():
            shutil.rmtree(left)
    return Path(tempfile.mkdtemp(prefix=f"work-{os.getpid()}-", dir=folder))
