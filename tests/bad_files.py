# SPDX-License-Identifier: Apache-2.0
"""Bad input as people meet it, as a table: for each case the command line, and what the message must say.

A case is (name, arguments, said): `arguments` is given an empty folder, leaves the bad files there and returns the
command line; `said` is a part of the one message on stderr, with which the command ends with status 2.
"""

from __future__ import annotations

import json
import os
import socket
import struct
import zlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image
from safetensors.numpy import save

from edgemoe.checkpoint import FORMAT as CHECKPOINT
from edgemoe.config import MODELS
from edgemoe.golden.random_package import random_package, random_state
from edgemoe.package import FORMAT as PACKAGE
from edgemoe.package import VERSION, Package, to_bytes

MODEL_FOLDER = Path(__file__).resolve().parents[1] / "models"
NANO = MODELS["nano"]


class Case(NamedTuple):
    name: str
    arguments: Callable[[Path], list[str]]
    said: str


# ---- what the files are made of


@cache
def package() -> Package:
    return random_package(NANO, 1, layers=2)


@cache
def state() -> dict[str, np.ndarray]:
    state = random_state(NANO, np.random.default_rng(1))
    return {name: tensor.astype(np.float32) for name, tensor in state.items()}


def package_header(config: Any = None, provenance: Any = None, **changes: Any) -> str:
    config = package().config.to_dict() | (config or {})
    return json.dumps({"version": VERSION, "config": config, "provenance": provenance or {}} | changes)


def package_file(path: Path, header: str | None = None, **tensors: Any) -> Path:
    """A package with another header, and with tensors replaced (`.` spelt `__`), or removed if None."""
    renamed = {name.replace("__", "."): tensor for name, tensor in tensors.items()}
    kept = {n: t for n, t in (package().tensors | renamed).items() if t is not None}
    path.write_bytes(save(kept, {PACKAGE: package_header() if header is None else header}))
    return path


def checkpoint_file(path: Path, texts: dict[str, str | None] | None = None, **tensors: Any) -> Path:
    """A checkpoint with texts of its metadata, and tensors, replaced or removed alike."""
    good = {"format": CHECKPOINT, "config": json.dumps(NANO.to_dict()), "training": "{}"}
    renamed = {name.replace("__", "."): tensor for name, tensor in tensors.items()}
    kept = {n: t for n, t in (state() | renamed).items() if t is not None}
    metadata = {n: t for n, t in (good | (texts or {})).items() if t is not None}
    path.write_bytes(save(kept, metadata))
    return path


def index_file(path: Path, weight_map: dict[str, str]) -> Path:
    """The index of a checkpoint, without its shards."""
    sums = dict.fromkeys(weight_map.values(), "")
    texts = {"format": CHECKPOINT, "config": NANO.to_dict(), "training": {}, "sha256": sums}
    index = path.with_name(f"{path.name}.index.json")
    index.write_text(json.dumps({"metadata": texts, "weight_map": weight_map}))
    return index


def header_edited(data: bytes, edit: Callable[[dict[str, Any]], object]) -> bytes:
    """A .safetensors file whose JSON `edit` has changed in place."""
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    edit(header)
    raw = json.dumps(header).encode()
    return len(raw).to_bytes(8, "little") + raw + data[8 + length :]


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png_file(path: Path, *chunks: tuple[bytes, bytes], size: tuple[int, int] = (1, 1)) -> Path:
    """A grey PNG, `size` (width, height), with chunks before its picture, which is one black pixel."""
    parts = [(b"IHDR", struct.pack(">IIBBBBB", *size, 8, 0, 0, 0, 0)), *chunks]
    parts += [(b"IDAT", zlib.compress(b"\0\0")), (b"IEND", b"")]
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts))
    return path


def written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def fifo(path: Path) -> Path:
    os.mkfifo(path)
    return path


def listener(path: Path) -> Path:
    folder = os.open(path.parent, os.O_RDONLY)  # by its number, for a socket's path is short
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(f"/proc/self/fd/{folder}/{path.name}")
    os.close(folder)
    return path


def link(path: Path, target: str) -> Path:
    path.symlink_to(target)
    return path


# ---- command lines


def inspect(make: Callable[[Path], Path]) -> Callable[[Path], list[str]]:
    return lambda folder: ["inspect", str(make(folder / "m.safetensors"))]


def picture(make: Callable[[Path], Path], name: str = "x.png") -> Callable[[Path], list[str]]:
    return lambda folder: ["infer", "--backend", "golden", "--image", str(make(folder / name)), *out(folder)]


def quantize(make: Callable[[Path], Path]) -> Callable[[Path], list[str]]:
    def arguments(folder: Path) -> list[str]:
        made = make(folder / "c.safetensors")
        pictures = folder / "pictures"
        pictures.mkdir()
        Image.new("RGB", (8, 8)).save(pictures / "a.png")
        return ["quantize", str(made), "--calibration", str(pictures), "--out", str(folder / "p.safetensors")]

    return arguments


def out(folder: Path) -> list[str]:
    return ["--out", str(folder / "out")]


def scene(folder: Path, **changes: Any) -> Path:
    """A scene of nano's size, one of its parts replaced by an array or by bytes, or removed."""
    folder.mkdir()
    size = (NANO.height, NANO.width)
    parts: dict[str, Any] = {
        "image": np.zeros((*size, 3), np.uint8), "labels": np.zeros(size, np.uint8), "depth": np.ones(size, np.float32),
    }  # fmt: skip
    for name, part in (parts | changes).items():
        path = folder / {"image": "7.png", "labels": "7.labels.png", "depth": "7.depth.npy"}[name]
        if isinstance(part, bytes):
            path.write_bytes(part)
        elif isinstance(part, Image.Image):
            part.save(path)
        elif part is not None and name == "depth":
            np.save(path, part)
        elif part is not None:
            Image.fromarray(part).save(path)
    return folder


def evaluate(**changes: Any) -> Callable[[Path], list[str]]:
    shipped = str(MODEL_FOLDER / "nano.package.safetensors")
    return lambda folder: ["eval", shipped, "--data", str(scene(folder / "scenes", **changes))]


def plain(*arguments: str) -> Callable[[Path], list[str]]:
    return lambda folder: [a.replace("FOLDER", str(folder)) for a in arguments]


def npy(shape: str, descr: str = "<f4", data: bytes = b"") -> bytes:
    text = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    return b"\x93NUMPY\1\0" + struct.pack("<H", len(text)) + text.encode() + data


def occupied(*arguments: str, name: str) -> Callable[[Path], list[str]]:
    """A command whose output's name a file of the user's has."""

    def make(folder: Path) -> list[str]:
        (folder / name).write_text("my notes")
        return plain(*arguments)(folder)

    return make


DEEP = "[" * 100_000 + "]" * 100_000
SIZE = (NANO.height, NANO.width)

CASES = [
    # what is no file
    Case("package: missing", plain("inspect", "FOLDER/no.safetensors"), "No such file"),
    Case("package: a folder", plain("inspect", "FOLDER"), "is a directory"),
    Case("package: a pipe", inspect(fifo), "it is a pipe"),
    Case("package: a device", plain("inspect", "/dev/zero"), "it is a device"),
    Case("package: a socket", inspect(listener), "it is a socket"),
    Case(
        "package: a broken link", inspect(lambda p: link(p, "gone")), "a link to gone, which does not exist"
    ),
    Case("package: a link to itself", inspect(lambda p: link(p, p.name)), "can't be read"),
    Case("package: a name too long", plain("inspect", "FOLDER/" + "x" * 300), "File name too long"),
    Case(
        "model: a name too long", plain("cosim", "--model", "x" * 300 + ".safetensors"), "File name too long"
    ),
    Case("package: below a file", plain("inspect", f"{__file__}/m.safetensors"), "Not a directory"),
    Case("package: a name no terminal can show", plain("inspect", "FOLDER/\udcff\x1b[2J"), "\\udcff\\x1b[2J"),
    Case(
        "image: missing", plain("infer", "--backend", "golden", "--image", "FOLDER/no.png"), "does not exist"
    ),
    Case("image: a pipe", picture(fifo), "it is a pipe"),
    Case("image: a device", plain("infer", "--backend", "golden", "--image", "/dev/zero"), "it is a device"),
    Case("checkpoint: a pipe", quantize(fifo), "it is a pipe"),
    Case("checkpoint: missing", quantize(lambda p: p), "no checkpoint"),
    # packages
    Case("package: empty", inspect(lambda p: written(p, b"")), "not a readable .safetensors file"),
    Case(
        "package: a text",
        inspect(lambda p: written(p, b"some text in here")),
        "not a readable .safetensors file",
    ),
    Case("package: cut", inspect(lambda p: written(p, to_bytes(package())[:-1])), "the file at byte"),
    Case("package: a tail", inspect(lambda p: written(p, to_bytes(package()) + b"x")), "the file at byte"),
    Case(
        "package: a huge header",
        inspect(lambda p: written(p, (17 << 20).to_bytes(8, "little") + bytes(17 << 20))),
        "header is",
    ),
    Case("package: a header that lies", inspect(lambda p: written(p, b"\xff" * 8 + b"{}")), "cut short"),
    Case(
        "package: a list for a header",
        inspect(lambda p: written(p, b"\2" + bytes(7) + b"[]")),
        "no JSON object",
    ),
    Case(
        "package: a name twice",
        inspect(lambda p: written(p, b"\x0d" + bytes(7) + b'{"a":1,"a":2}')),
        "the name 'a' occurs twice",
    ),
    Case(
        "package: a shape of 2^60",
        inspect(
            lambda p: written(
                p, header_edited(to_bytes(package()), lambda h: h["pos_embed"].update(shape=[1 << 60]))
            )
        ),
        "its shape [1152921504606846976] takes",
    ),
    Case(
        "package: a shape of 0",
        inspect(lambda p: package_file(p, pos_embed=np.zeros((0, 64), np.int32))),
        "pos_embed has shape (0, 64), expected (129, 64)",
    ),
    Case(
        "package: FP8",
        inspect(
            lambda p: written(
                p,
                header_edited(to_bytes(package()), lambda h: h["patch_embed.weight"].update(dtype="F8_E4M3")),
            )
        ),
        "patch_embed.weight has dtype F8_E4M3, expected int8 or int16",
    ),
    Case("package: a checkpoint", inspect(checkpoint_file), "`edgemoe quantize`"),
    Case("package: bad JSON", inspect(lambda p: package_file(p, "{")), "header is damaged"),
    Case("package: deep JSON", inspect(lambda p: package_file(p, DEEP)), "nested too deeply"),
    Case("package: a list", inspect(lambda p: package_file(p, "[1]")), "no JSON object"),
    Case(
        "package: another version",
        inspect(lambda p: package_file(p, package_header(version=VERSION + 1))),
        f"version {VERSION + 1}",
    ),
    Case(
        "package: no config",
        inspect(lambda p: package_file(p, f'{{"version": {VERSION}}}')),
        "lacks 'config'",
    ),
    Case(
        "package: NaN",
        inspect(lambda p: package_file(p, package_header({"eps": float("nan")}))),
        "NaN is no number",
    ),
    Case(
        "package: a huge number",
        inspect(lambda p: package_file(p, package_header({"eps": 10**400}))),
        "eps an integer of 1329 bits",
    ),
    Case(
        "package: a digit too many",
        inspect(lambda p: package_file(p, package_header().replace('"dim": 64', '"dim": ' + "9" * 5000))),
        "can't be read",
    ),
    Case(
        "package: a lone surrogate",
        inspect(lambda p: package_file(p, package_header({"name": "\ud800"}))),
        "\\ud800",
    ),
    Case(
        "package: an escape sequence",
        inspect(lambda p: package_file(p, package_header({"name": "\x1b[2J"}))),
        "\\x1b[2J",
    ),
    Case(
        "package: true for a number",
        inspect(lambda p: package_file(p, package_header({"dim": True}))),
        "of type int, not True",
    ),
    Case(
        "package: a text for a number",
        inspect(lambda p: package_file(p, package_header({"dim": "64"}))),
        "of type int, not '64'",
    ),
    Case(
        "package: many layers",
        inspect(lambda p: package_file(p, package_header({"layers": 1000}))),
        "1000 layers",
    ),
    Case(
        "package: huge layers",
        inspect(lambda p: package_file(p, package_header({"dim": 65536, "dense_hidden": 65536}))),
        "weights; at most",
    ),
    Case(
        "package: provenance a list",
        inspect(lambda p: package_file(p, package_header(provenance=[1]))),
        "'provenance'",
    ),
    Case(
        "package: a tensor missing",
        inspect(lambda p: package_file(p, patch_embed__m=None)),
        "'patch_embed.m' is missing",
    ),
    Case(
        "package: a tensor too many",
        inspect(lambda p: package_file(p, **{"x\ud7ff": np.zeros(1)})),
        "is not one",
    ),
    Case(
        "package: a scale of NaN",
        inspect(lambda p: package_file(p, scale__residual=np.array(np.nan))),
        "positive finite",
    ),
    # checkpoints
    Case("checkpoint: a package", quantize(package_file), "is not a checkpoint"),
    Case("checkpoint: no config", quantize(lambda p: checkpoint_file(p, {"config": None})), "lacks 'config'"),
    Case(
        "checkpoint: no training",
        quantize(lambda p: checkpoint_file(p, {"training": None})),
        "lacks 'training'",
    ),
    Case(
        "checkpoint: bad JSON", quantize(lambda p: checkpoint_file(p, {"config": "{"})), "'config' is damaged"
    ),
    Case(
        "checkpoint: deep JSON",
        quantize(lambda p: checkpoint_file(p, {"training": DEEP})),
        "nested too deeply",
    ),
    Case("checkpoint: a list", quantize(lambda p: checkpoint_file(p, {"config": "[]"})), "no JSON object"),
    Case(
        "checkpoint: double precision",
        quantize(lambda p: checkpoint_file(p, cls_token=np.zeros((1, 1, 64)))),
        "dtype float64, expected float32 or float16",
    ),
    Case(
        "checkpoint: not finite in halves",
        quantize(lambda p: checkpoint_file(p, cls_token=np.full((1, 1, 64), np.inf, np.float16))),
        "not finite",
    ),
    Case(
        "checkpoint: an index without shards",
        quantize(lambda p: index_file(p, {"a": "a.safetensors"})),
        "Shard",
    ),
    Case(
        "checkpoint: an index that leads elsewhere",
        quantize(lambda p: index_file(p, {"a": "../a.safetensors"})),
        "expected the name of a .safetensors file in the same folder",
    ),
    Case(
        "package: an index",
        inspect(lambda p: index_file(p, {"a": "a.safetensors"})),
        "is the index of a checkpoint",
    ),
    Case(
        "checkpoint: BF16",
        quantize(
            lambda p: written(
                p,
                header_edited(checkpoint_file(p).read_bytes(), lambda h: h["cls_token"].update(dtype="BF16")),
            )
        ),
        "cls_token has dtype BF16, expected float32 or float16",
    ),
    Case(
        "checkpoint: a shape",
        quantize(lambda p: checkpoint_file(p, cls_token=np.zeros((1, 64), np.float32))),
        "does not hold the tensors",
    ),
    Case(
        "checkpoint: infinite",
        quantize(lambda p: checkpoint_file(p, cls_token=np.full((1, 1, 64), np.inf, np.float32))),
        "not finite",
    ),
    Case(
        "checkpoint: weights that no format holds",
        quantize(lambda p: checkpoint_file(p, patch_embed__weight=np.full((64, 3, 8, 8), 1e38, np.float32))),
        "c.safetensors: patch_embed: a requantiser's scale",
    ),
    # images
    Case("image: empty", picture(lambda p: written(p, b"")), "cannot be read as PNG or JPEG"),
    Case("image: a text", picture(lambda p: written(p, b"no picture")), "cannot be read as PNG or JPEG"),
    Case(
        "image: a cut header",
        picture(lambda p: written(p, b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", b""))),
        "Truncated IHDR",
    ),
    Case(
        "image: a bomb of text",
        picture(lambda p: png_file(p, (b"zTXt", b"a\0\0" + zlib.compress(bytes(1 << 24))))),
        "too large",
    ),
    Case("image: a bomb of pixels", picture(lambda p: png_file(p, size=(30_000, 30_000))), "cannot be read"),
    Case(
        "image: too large", picture(lambda p: png_file(p, size=(10_001, 10_000))), "at most 100000000 pixels"
    ),
    Case("image: no pixels", picture(lambda p: png_file(p, size=(0, 5))), "cannot be read"),
    Case("image: too few rows", picture(lambda p: png_file(p, size=(1, 9))), "bytes are missing"),
    Case(
        "image: damaged EXIF", picture(lambda p: png_file(p, (b"eXIf", b"no TIFF at all"))), "its EXIF data"
    ),
    Case(
        "image: a GIF",
        picture(lambda p: (Image.new("L", (2, 2)).save(p, "GIF"), p)[1]),
        "cannot be read as PNG or JPEG",
    ),
    Case("image: a package", picture(package_file), "cannot be read as PNG or JPEG"),
    # scenes and calibration
    Case(
        "eval: no folder",
        plain("eval", str(MODEL_FOLDER / "nano.package.safetensors"), "--data", "FOLDER/no"),
        "edgemoe scenes",
    ),
    Case(
        "eval: an empty folder",
        plain("eval", str(MODEL_FOLDER / "nano.package.safetensors"), "--data", "FOLDER"),
        "holds no scenes",
    ),
    Case("eval: no depth", evaluate(depth=None), "7.depth.npy"),
    Case("eval: no image", evaluate(image=None), "scene 7"),
    Case(
        "eval: another size",
        evaluate(image=np.zeros((8, 8, 3), np.uint8)),
        "7.png is 8×8; the model takes 64×128",
    ),
    Case("eval: labels of another size", evaluate(labels=np.zeros((8, 8), np.uint8)), "7.labels.png is 8×8"),
    Case("eval: labels in colour", evaluate(labels=np.zeros((*SIZE, 3), np.uint8)), "8-bit grey"),
    Case("eval: labels of 16 bits", evaluate(labels=np.zeros(SIZE, np.uint16)), "8-bit grey"),
    Case(
        "eval: a label there is not",
        evaluate(labels=np.full(SIZE, 7, np.uint8)),
        "the label 7; the model's classes are 0..6",
    ),
    Case("eval: damaged labels", evaluate(labels=b"\x89PNG"), "cannot be read"),
    Case(
        "eval: depth of another size",
        evaluate(depth=np.ones((8, 8), np.float32)),
        "shape (8, 8), expected (64, 128)",
    ),
    Case(
        "eval: depth of whole numbers",
        evaluate(depth=np.ones(SIZE, np.int64)),
        "dtype 'int64', expected floating point",
    ),
    Case("eval: depth of objects", evaluate(depth=npy("(64, 128)", "|O")), "dtype 'object'"),
    Case("eval: depth of NaN", evaluate(depth=np.full(SIZE, np.nan)), "finite, not negative"),
    Case("eval: a depth of 2^60", evaluate(depth=npy("(1152921504606846976,)")), "expected (64, 128)"),
    Case(
        "eval: a depth cut short",
        evaluate(depth=npy("(64, 128)", data=b"1234")),
        "doesn't match the file's size",
    ),
    Case("eval: a depth that is none", evaluate(depth=b"metres"), "can't be read as .npy"),
    Case(
        "quantize: no folder",
        lambda f: [*quantize(checkpoint_file)(f)[:3], str(f / "no"), "--out", str(f / "p.safetensors")],
        "edgemoe scenes",
    ),
    Case(
        "quantize: no pictures",
        lambda f: [*quantize(checkpoint_file)(f)[:3], str(f), "--out", str(f / "p.safetensors")],
        "holds no PNG",
    ),
    # what a command must not destroy
    Case(
        "random-package: a user's file",
        occupied("random-package", "--seed", "1", "--out", "FOLDER/x.txt", name="x.txt"),
        "did not make",
    ),
    Case(
        "random-package: a device",
        plain("random-package", "--seed", "1", "--out", "/dev/null"),
        "not a regular file",
    ),
    Case(
        "random-package: below a file",
        plain("random-package", "--seed", "1", "--out", f"{__file__}/p.safetensors"),
        "Not a directory",
    ),
    Case(
        "scenes: a user's picture",
        occupied("scenes", "--count", "1", "--out", "FOLDER", name="0.png"),
        "did not make",
    ),
    Case(
        "train: a user's file",
        occupied("train", "--scenes", "1", "--out", "FOLDER", name="nano.json"),
        "did not make",
    ),
    # numbers
    Case("train: no scenes", plain("train", "--scenes", "0", "--out", "FOLDER"), "scenes is 0"),
    Case(
        "train: more scenes than seeds",
        plain("train", "--scenes", "20000000", "--out", "FOLDER"),
        "1..16777216",
    ),
    Case("train: negative steps", plain("train", "--steps", "-5", "--out", "FOLDER"), "steps is -5"),
    Case("train: no time", plain("train", "--seconds", "0", "--out", "FOLDER"), "a time limit is positive"),
    Case(
        "train: no number of seconds",
        plain("train", "--seconds", "nan", "--out", "FOLDER"),
        "a time limit is positive",
    ),
    Case("train: unknown device", plain("train", "--device", "abacus", "--out", "FOLDER"), "'abacus'"),
    Case(
        "scenes: a negative seed",
        plain("scenes", "--seed", "-1", "--out", "FOLDER"),
        "seeds lie in 0..1073741823",
    ),
    Case(
        "scenes: a seed too large",
        plain("scenes", "--seed", "1073741823", "--count", "2", "--out", "FOLDER"),
        "seeds lie in",
    ),
    Case(
        "random-package: many experts",
        plain("random-package", "--seed", "1", "--experts", "60000", "--out", "FOLDER/p.safetensors"),
        "weights; at most",
    ),
    Case(
        "random-package: many layers",
        plain("random-package", "--seed", "1", "--layers", "60000", "--out", "FOLDER/p.safetensors"),
        "above 1024",
    ),
    Case(
        "random-package: a threshold",
        plain("random-package", "--seed", "1", "--threshold", "nan", "--out", "FOLDER/p.safetensors"),
        "threshold nan",
    ),
]
