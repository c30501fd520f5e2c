# SPDX-License-Identifier: Apache-2.0
"""The kernels built with the original ap_int and hls_stream headers (of the `hls4ml` wheel) give the same bits."""

from __future__ import annotations

import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from edgemoe import csim
from edgemoe.config import board
from edgemoe.registers import Format, write_headers

BUILD = board("sim-small")
HERE = Path(__file__).parent
Inputs = tuple[dict[str, list[int]], dict[str, int]]  # elements of streams, scalars


def words(rng: np.random.Generator, count: int, bits: int) -> list[int]:
    """Random words, some with one sign all over."""
    values = [int.from_bytes(rng.bytes(bits // 8 + 1), "little") % (1 << bits) for _ in range(count)]
    for index in range(0, count, 7):
        values[index] = int(rng.integers(2)) * ((1 << bits) - 1)
    return values


def records(rng: np.random.Generator, beats: int, shift: int) -> list[int]:
    """Beats of two channel records each, with shifts near `shift`."""
    total = []
    for _ in range(beats):
        pair = [
            int(rng.integers(1 << 20))
            | int(rng.integers(1 << 15, 1 << 16)) << 40
            | (shift + int(rng.integers(3))) << 56
            for _ in range(2)
        ]
        total.append(pair[0] | pair[1] << 64)
    return total


def scalars(**values: object) -> dict[str, int]:
    return {name: int(value) for name, value in values.items()}  # type: ignore[call-overload]


def gelu(rng: np.random.Generator) -> Inputs:
    count = 200
    values = scalars(count=count, multiplier=rng.integers(1 << 16), shift=rng.integers(1, 30))
    return {"inputs": words(rng, count, 22)}, values


def softmax(rng: np.random.Generator) -> Inputs:
    rows, keys = int(rng.integers(1, 5)), int(rng.integers(1, 130))
    return {"inputs": words(rng, rows * keys, 18)}, scalars(rows=rows, keys=keys)


def embedding(rng: np.random.Generator) -> Inputs:
    count, kind = int(rng.integers(1, 60)), Format(int(rng.integers(2)))
    return {"inputs": words(rng, count * (2 if kind == Format.U8 else 4), 128)}, scalars(
        format=kind, words=count
    )


def layernorm(rng: np.random.Generator) -> Inputs:
    tokens, k_tiles = int(rng.integers(1, 20)), int(rng.integers(1, 4))
    streams = {"inputs": words(rng, 4 * tokens * k_tiles, 128), "records": records(rng, 16 * k_tiles, 14)}
    return streams, scalars(tokens=tokens, k_tiles=k_tiles, dim=32 * k_tiles, eps=1000)


def experts(rng: np.random.Generator) -> Inputs:
    tokens, count = int(rng.integers(1, 30)), int(rng.choice([4, 8, 16]))
    lanes = rng.integers(-(1 << 40), 1 << 40, (2 * tokens, 8))
    logits = [sum((int(v) % (1 << 48)) << (48 * i) for i, v in enumerate(row)) for row in lanes]
    values = scalars(tokens=tokens, experts=count, top_k=rng.integers(1, 5), rule=rng.integers(1, 3),
                     threshold=rng.integers(20000), mult0=40000, shift0=39)  # fmt: skip
    return {"logits": logits}, values


def linear(rng: np.random.Generator) -> Inputs:
    tokens, k_tiles, n_tiles = (int(rng.integers(1, top)) for top in (30, 4, 4))
    bits = int(rng.choice([8, 16]))
    tile = 16 if bits == 8 else 32
    weights = []
    for _ in range(n_tiles):
        weights += records(rng, 4, 14 + bits) + words(rng, k_tiles * tile, 128)
    streams = {"inputs": words(rng, 4 * tokens * k_tiles, 128), "weights": weights}
    return streams, scalars(tokens=tokens, k_tiles=k_tiles, n_tiles=n_tiles, weight_bits=bits)


def attention(rng: np.random.Generator) -> Inputs:
    tokens, heads = int(rng.integers(1, 30)), int(rng.integers(1, 3))
    values = scalars(tokens=tokens, heads=heads, group=rng.integers(1, 9), mult0=rng.integers(1 << 15, 1 << 16),
                     shift0=36, mult1=40000, shift1=16)  # fmt: skip
    return {"inputs": words(rng, 12 * tokens * heads, 128)}, values


KERNELS = [gelu, softmax, embedding, layernorm, experts, linear, attention]


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("original")
    write_headers(BUILD, folder)
    return folder


def build_with_original_headers(name: str, work: Path) -> Path:
    """Compiled by g++; `hls/shim` is not on its include path."""
    spec = find_spec("hls4ml")
    if spec is None or spec.origin is None or shutil.which("g++") is None:
        pytest.skip("needs g++ and the hls4ml wheel, which carries the original headers")
    original = Path(spec.origin).parent / "templates" / "vivado" / "ap_types"
    source = work / f"{name}.cpp"
    source.write_text(
        f'#include "{csim.kernel_source(name)}"\n#include "{HERE / "original.hpp"}"\n'
        f"int main() {{ run(&{name}_kernel); }}\n"
    )
    include = [f"-I{folder}" for folder in (original, csim.HLS / "include", work)]
    command = ["g++", "-std=c++20", "-O0", "-w", *include, "-o", str(work / name), str(source)]
    subprocess.run(command, check=True)
    return work / name


@pytest.mark.slow
@pytest.mark.parametrize("make", KERNELS, ids=lambda make: make.__name__)
def test_original_headers(make: object, work: Path) -> None:
    name = make.__name__  # type: ignore[attr-defined]
    program = build_with_original_headers(name, work)
    native = csim.kernel(name, BUILD, work)
    widths = {port.name: port.width for port in native.ports}
    for seed in range(4):
        streams, values = make(np.random.default_rng(seed))  # type: ignore[operator]
        lines = []
        for port in native.ports:
            elements = streams.get(port.name, [])
            if port.kind == "stream":
                lines.append(
                    " ".join([str(len(elements)), *(f"{e % (1 << port.width):x}" for e in elements)])
                )
            else:
                lines.append(f"{values[port.name]:x}")
        done = subprocess.run([program], input="\n".join(lines), capture_output=True, text=True, check=True)
        ours = native.run(streams, values)
        # Slots finish in reverse order of the arguments; what is left of an input stream is printed as well.
        outputs = [port.name for port in reversed(native.ports) if port.kind == "stream"]
        for stream, line in zip(outputs, done.stdout.splitlines(), strict=True):
            theirs = [int(word, 16) % (1 << widths[stream]) for word in line.split()]
            assert theirs == ours.streams.get(stream, []), f"{name}, seed {seed}: stream {stream}"
