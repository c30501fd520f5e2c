# SPDX-License-Identifier: Apache-2.0
"""Wrong usage and unlucky situations: what a user typed, what lay there, and what must be said.

`{here}` is a fresh folder, the working directory. Nothing in it may have changed afterwards.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

Prepare = Callable[[Path], None]


@dataclass(frozen=True)
class Situation:
    """A command line, the words that its message must have, and what to lay into the folder before."""

    arguments: str
    said: str
    prepare: Prepare = lambda here: None
    status: int = 2

    def __str__(self) -> str:
        return f"{self.arguments} [{self.said}]"


def file(name: str, content: bytes = b"mine") -> Prepare:
    def prepare(here: Path) -> None:
        (here / name).parent.mkdir(parents=True, exist_ok=True)
        (here / name).write_bytes(content)

    return prepare


def folder(name: str) -> Prepare:
    return lambda here: (here / name).mkdir(parents=True)


def fifo(name: str) -> Prepare:
    return lambda here: os.mkfifo(here / name)


def link(name: str, target: str) -> Prepare:
    return lambda here: (here / name).symlink_to(target)


def picture(name: str) -> Prepare:
    def prepare(here: Path) -> None:
        (here / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (16, 8)).save(here / name, format="PNG")

    return prepare


def both(*steps: Prepare) -> Prepare:
    def prepare(here: Path) -> None:
        for step in steps:
            step(here)

    return prepare


def scene(name: str, labels: np.ndarray, depth: np.ndarray, size: tuple[int, int] = (64, 128)) -> Prepare:
    """A scene as `edgemoe scenes` leaves it, with labels and depth of one's own."""

    def prepare(here: Path) -> None:
        (here / "data").mkdir()
        Image.new("RGB", size[::-1]).save(here / "data" / f"{name}.png")
        Image.fromarray(labels).save(here / "data" / f"{name}.labels.png")
        np.save(here / "data" / f"{name}.depth.npy", depth)

    return prepare


NANO = "models/nano.package.safetensors"
GOLDEN = "infer --backend golden"
ZEROS, METRES = np.zeros((64, 128), np.uint8), np.full((64, 128), 9.0, np.float32)

SITUATIONS = [
    # usage
    Situation("nothing", "No such command"),
    Situation("cosim --nothing", "No such option"),
    Situation("cosim extra", "unexpected extra argument"),
    Situation("infer", "--backend"),
    Situation("infer --backend abacus", "abacus"),
    Situation("cosim --task sleep", "sleep"),
    Situation("cosim --task", "requires an argument"),
    Situation("cosim --image a.png --images b", "not both"),
    Situation("cosim --dram latency", "NAME=VALUE"),
    Situation("cosim --dram latency=fast", "whole number"),
    Situation("cosim --dram latency=1.5", "whole number"),
    Situation("cosim --dram latency=\N{ARABIC-INDIC DIGIT THREE}", "whole number"),
    Situation("cosim --dram =3", "no such parameter"),
    Situation("cosim --dram speed=3", "no such parameter"),
    Situation("cosim --dram latency=1 --dram latency=2", "twice"),
    Situation("cosim --dram stall_percent=100", "0 to 99"),
    Situation("cosim --dram outstanding=0", "outstanding"),
    Situation("cosim --dram latency=99999999999", "latency"),
    Situation(f"{GOLDEN} --dram latency=3", "rtl"),
    # boards, models
    Situation("cosim --board moon", "No board is named 'moon'"),
    Situation("synth --board moon", "No board is named 'moon'"),
    Situation("bitstream --board moon", "No board is named 'moon'"),
    Situation("bitstream --board sim-small", "exists in simulation only"),
    Situation("bitstream --board kv260 --jobs 0", "--jobs"),
    Situation("bitstream --board kv260 --hours 1.5", "--hours"),
    Situation("bitstream", "--board"),
    Situation("bench", "not built yet"),
    Situation("infer --backend golden --overlay none.bit", "--overlay is for --backend board"),
    Situation("infer --backend board --overlay none.bit --board sim-small", "not both"),
    Situation("infer --backend board --board none", "No board is named 'none'"),
    Situation("cosim --model mega", "No model preset is named 'mega'"),
    Situation("cosim --model deit-tiny", "has no trained weights here"),
    Situation("infer --backend torch --model deit-tiny", "has no trained weights here"),
    Situation("cosim --task edges", "Model 'nano' has no task 'edges'; give both"),
    Situation("cosim --model tiny --board sim-small", "does not fit board 'sim-small': head_dim 64 > 32"),
    Situation("cosim --model {repo}/models/tiny.safetensors.index.json", "is the index of a checkpoint"),
    Situation("inspect {repo}/models/tiny.safetensors.index.json", "is the index of a checkpoint"),
    Situation(
        "infer --backend torch --out out --model a.safetensors.index.json",
        "there is no checkpoint of that name",
    ),
    Situation("cosim --model no-such.safetensors", "no-such.safetensors"),
    Situation("cosim --model a.safetensors", "a.safetensors", folder("a.safetensors")),
    Situation("cosim --model a.safetensors", "a.safetensors", file("a.safetensors", b"")),
    Situation("cosim --model a.safetensors", "a.safetensors", fifo("a.safetensors")),
    Situation("cosim --model a.safetensors", "a.safetensors", link("a.safetensors", "/dev/zero")),
    Situation("cosim --model a.safetensors", "a.safetensors", link("a.safetensors", "gone")),
    Situation("cosim --model {repo}/models/nano.safetensors", "edgemoe quantize"),
    Situation("train --model x.safetensors", "x.safetensors", file("x.safetensors")),
    Situation("scenes --model x.safetensors", "x.safetensors", file("x.safetensors")),
    Situation("infer --backend torch --out out --model x.safetensors", "x.safetensors"),
    Situation("infer --backend torch --out out --model {repo}/" + NANO, "is not a checkpoint"),
    # images
    Situation(f"{GOLDEN} --image no-such.png", "no-such.png"),
    Situation(f"{GOLDEN} --image a.png", "a.png", folder("a.png")),
    Situation(f"{GOLDEN} --image a.png", "a.png", file("a.png", b"")),
    Situation(f"{GOLDEN} --image a.png", "a.png", file("a.png", b"GIF89a" + bytes(30))),
    Situation(f"{GOLDEN} --image a.png", "a.png", fifo("a.png")),
    Situation(f"{GOLDEN} --image a.png", "a.png", link("a.png", "/dev/zero")),
    Situation(f"{GOLDEN} --image a.png", "a.png", link("a.png", "/dev/urandom")),
    Situation(f"{GOLDEN} --image a.png", "a.png", link("a.png", "a.png")),
    Situation(f"{GOLDEN} --image {{repo}}/models/nano.json", "nano.json"),
    Situation("cosim --images no-such", "no-such is not a folder"),
    Situation("cosim --images empty", "has no PNG or JPEG", folder("empty")),
    Situation("cosim --images text", "has no PNG or JPEG", file("text/a.txt")),
    Situation("cosim --images hidden", "has no PNG or JPEG", picture("hidden/.a.png")),
    Situation("cosim --images a.png", "a.png", picture("a.png")),
    # OUT
    Situation(f"{GOLDEN} --out /proc/out", "can't be written to"),
    Situation(f"{GOLDEN} --out /dev/null/out", "can't be written to"),
    Situation(f"{GOLDEN} --out file", "file", file("file")),
    Situation(f"{GOLDEN} --out file/out", "in the way", file("file")),
    Situation(f"{GOLDEN} --out {'x' * 300}", "can't be written to"),
    Situation(f"{GOLDEN} --out .", "depth.png is not from an earlier run", file("depth.png")),
    Situation(f"{GOLDEN} --out .", "input.png is not from an earlier run", picture("input.png")),
    Situation(f"{GOLDEN} --out .", "is a folder", folder("depth.npy")),
    Situation(f"{GOLDEN} --out .", "damaged", file(".edgemoe.json", b"{")),
    Situation("cosim --out .", "report.html is not from an earlier run", file("report.html")),
    Situation("cosim --waves --out .", "waves.fst is not from an earlier run", file("waves.fst")),
    Situation("cosim --taps --out .", "not from an earlier run", file("taps/depth/got/x.npy")),
    Situation(
        "cosim --images pictures --out .",
        "index.html is not from an earlier run",
        both(picture("pictures/a.png"), file("index.html")),
    ),
    Situation(
        "cosim --images pictures --out pictures",
        "report.json is not from an earlier run",
        both(picture("pictures/a.png"), file("pictures/a/report.json")),
    ),
    Situation("cosim --images pictures --out .", "in the way", both(picture("pictures/a.png"), file("a"))),
    # synth
    Situation("synth kernel.cpp", "--top", file("kernel.cpp")),
    Situation("synth --top x", "accelerator.cpp"),
    Situation("synth no-such.cpp --top x", "no-such.cpp"),
    Situation("synth k.cpp --top x", "k.cpp", folder("k.cpp")),
    Situation("synth k.cpp --top x", "k.cpp", fifo("k.cpp")),
    Situation("synth k.cpp --top x", "k.cpp", file("k.cpp", b"int x(")),
    Situation("synth k.cpp --top missing", "missing", file("k.cpp", b"void f(int a, int &b) { b = a; }")),
    Situation("synth k.cpp --top f", "k.cpp", file("k.cpp", b"\xff\xfe\x00binary")),
    Situation(
        "synth k.cpp --top f --out .",
        "f.sv is not from an earlier run",
        both(file("k.cpp", b"void f(int a, int &b) { b = a; }"), file("f.sv")),
    ),
    Situation(
        "synth k.cpp --top f --out .",
        "hls_axilite.sv is not from an earlier run",
        both(file("k.cpp", b"void f(int a, int &b) { b = a; }"), file("hls_axilite.sv")),
    ),
    Situation("synth --clock-ns -1", "positive"),
    Situation("synth --clock-ns 0", "positive"),
    Situation("synth --clock-ns nan", "positive"),
    Situation("synth --clock-ns 1e-300", "0.001"),
    Situation("synth --clock-ns inf", "positive"),
    Situation("synth --clock-ns fast", "fast"),
    # packages of random weights
    Situation("random-package --out p.safetensors", "--seed"),
    Situation("random-package --seed x --out p.safetensors", "x"),
    Situation("random-package --seed -1 --out p.safetensors", "seed"),
    Situation("random-package --seed 1 --top-k 0 --out p.safetensors", "top_k"),
    Situation("random-package --seed 1 --top-k 99 --out p.safetensors", "top_k"),
    Situation("random-package --seed 1 --experts -1 --out p.safetensors", "experts"),
    Situation("random-package --seed 1 --experts 0 --all-on-one-expert --out p.safetensors", "dense"),
    Situation("random-package --seed 1 --layers 0 --out p.safetensors", "layers"),
    Situation("random-package --seed 1 --layers 99999999 --out p.safetensors", "layers"),
    Situation("random-package --seed 1 --threshold nan --out p.safetensors", "threshold"),
    Situation("random-package --seed 1 --gate none --out p.safetensors", "none"),
    Situation("random-package --seed 1 --out file/p.safetensors", "file", file("file")),
    Situation("random-package --seed 1 --out /proc/p.safetensors", "/proc"),
    Situation("random-package --seed 1 --out here", "here", folder("here")),
    Situation("random-package --seed 1 --out notes.txt", "notes.txt", file("notes.txt")),
    Situation("inspect no-such.safetensors", "no-such.safetensors"),
    Situation("inspect a.safetensors", "a.safetensors", file("a.safetensors", b"no package")),
    # training, quantising, evaluating
    Situation("train --scenes 0", "scenes"),
    Situation("train --scenes -3", "scenes"),
    Situation("train --scenes 99999999999", "scenes"),
    Situation("train --steps 0", "steps"),
    Situation("train --steps -1", "steps"),
    Situation("train --seconds 0", "seconds"),
    Situation("train --seconds nan", "seconds"),
    Situation("train --device abacus", "abacus"),
    Situation("train --out file", "file", file("file")),
    Situation("train --half --out .", "nano.safetensors.index.json", file("nano.safetensors.index.json")),
    Situation(
        "train --half --out .",
        "is not one that nano.safetensors.index.json lists",
        file("nano-00001-of-00002.safetensors"),
    ),
    Situation("scenes --count 0", "0"),
    Situation("scenes --seed -1", "seed"),
    Situation("scenes --seed 99999999999999999999", "seed"),
    Situation("scenes --out file/x", "file", file("file")),
    Situation("scenes --count 1 --out .", "0.png", file("0.png")),
    Situation("import", "Missing argument"),
    Situation("import a.safetensors", "--out"),
    Situation("import none.safetensors --out o.safetensors", "none.safetensors can't be read"),
    Situation("import a.safetensors --out o.npz", "one .safetensors file", file("a.safetensors")),
    Situation(
        "import a.safetensors --out o.safetensors", "not a readable .safetensors file", file("a.safetensors")
    ),
    Situation("import a.safetensors --out a.safetensors", "did not make", file("a.safetensors")),
    Situation("import a.pth --out o.safetensors", "nothing of it was executed: it is damaged", file("a.pth")),
    Situation("import a.onnx --out o.safetensors", "not a readable ONNX file", file("a.onnx")),
    Situation("import a.txt --out o.safetensors", "of no kind that is read", file("a.txt")),
    Situation("import p.pth --out o.safetensors", "it is a pipe", fifo("p.pth")),
    Situation("import c --out o.safetensors", "neither raw files", folder("c")),
    Situation(
        "import a.safetensors --out o.safetensors --size 224",
        "expected height x width",
        file("a.safetensors"),
    ),
    Situation("import a.safetensors --out o.safetensors --heads 0", "--heads", file("a.safetensors")),
    Situation(
        "import a.safetensors --out o.safetensors --activation relu", "--activation", file("a.safetensors")
    ),
    Situation(
        "import {repo}/models/nano.safetensors --out o.safetensors", "is a checkpoint of edgemoe already"
    ),
    Situation(
        "import {repo}/tests/imports/fixtures/timm-vit/model.safetensors --out o.safetensors --normalise x",
        "--normalise 'x'",
    ),
    Situation(
        "import {repo}/tests/imports/fixtures/timm-vit/model.safetensors --out mine.safetensors",
        "mine.safetensors is not written",
        file("mine.safetensors"),
    ),
    Situation("quantize a.safetensors --out p.safetensors", "--calibration"),
    Situation(
        "quantize a.safetensors --out p.safetensors --calibration . --report-images c", "Give --report FOLDER"
    ),
    Situation("quantize a.safetensors --out p.safetensors --calibration . --margin 0.9", "--margin"),
    Situation(
        "quantize {repo}/models/nano.safetensors --out p.safetensors --calibration c --report r --report-images c",
        "Every image of c is one of the calibration's",
        picture("c/a.png"),
    ),
    Situation("quantize {repo}/models/nano.safetensors --out p.safetensors --ranges r", "r can't be read"),
    Situation(
        "quantize {repo}/models/nano.safetensors --out p.safetensors --ranges {repo}/models/nano.json",
        "nano.json holds no ranges: it is no .safetensors file",
    ),
    Situation(
        "quantize {repo}/models/nano.safetensors --out p.safetensors --ranges {repo}/models/tiny.ranges.safetensors",
        "tiny.ranges.safetensors is of another checkpoint",
    ),
    Situation(
        "quantize a.safetensors.index.json --out p.safetensors --calibration .",
        "it must hold the objects metadata and weight_map",
        file("a.safetensors.index.json", b"{}"),
    ),
    Situation("quantize a.safetensors --calibration . --out p.safetensors", "a.safetensors"),
    Situation("quantize {repo}/models/nano.safetensors --calibration none --out p.safetensors", "none"),
    Situation("quantize {repo}/models/nano.safetensors --calibration . --out p.safetensors", "no PNG"),
    Situation(
        "quantize {repo}/models/nano.safetensors --calibration c --out mine.txt",
        "mine.txt",
        both(picture("c/a.png"), file("mine.txt")),
    ),
    Situation("eval {repo}/" + NANO, "--data"),
    Situation("eval {repo}/" + NANO + " --data none", "none"),
    Situation("eval {repo}/" + NANO + " --data .", "edgemoe scenes"),
    Situation("eval {repo}/" + NANO + " --data . --backend rtl", "not built yet"),
    Situation("eval {repo}/" + NANO + " --data data", "labels", scene("1", ZEROS + 99, METRES)),
    Situation("eval {repo}/" + NANO + " --data data", "depth", scene("1", ZEROS, METRES[:3])),
    Situation("eval {repo}/" + NANO + " --data data", "depth", scene("1", ZEROS, METRES * np.nan)),
    Situation("eval {repo}/" + NANO + " --data data", "depth", scene("1", ZEROS, METRES.astype(str))),
    Situation("eval {repo}/" + NANO + " --data data", "labels", scene("1", ZEROS[:3], METRES)),
    Situation("eval {repo}/" + NANO + " --data data", "64×128", scene("1", ZEROS, METRES, (8, 8))),
    Situation("mutate --pick xyzzy", "xyzzy"),
]
