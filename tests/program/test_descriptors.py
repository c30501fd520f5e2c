# SPDX-License-Identifier: Apache-2.0
"""Descriptors, records, registers: packing, no overlaps, the reference page, the C++ header."""

from __future__ import annotations

import dataclasses
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from edgemoe import numerics, registers
from edgemoe.config import BuildConfig, board, config_hpp
from edgemoe.errors import UserError
from edgemoe.registers import DESCRIPTOR_FIELDS, Descriptor, Error, Statistics

sys.path.insert(0, str(Path(__file__).parent))
import machine_tables


def test_fields_do_not_overlap_and_match_the_class() -> None:
    used = 0
    for field in DESCRIPTOR_FIELDS:
        mask = ((1 << field.width) - 1) << (32 * field.word + field.lsb)
        assert not used & mask, field.name
        used |= mask
        assert field.lsb + field.width <= 32 or (field.lsb, field.width) == (0, 64)
    assert used < 1 << 512
    assert [f.name for f in DESCRIPTOR_FIELDS] == [f.name for f in dataclasses.fields(Descriptor)]
    assert [name for name, _ in registers.STATISTICS_FIELDS] == [
        f.name for f in dataclasses.fields(Statistics)
    ]


@pytest.mark.parametrize("seed", range(5))
def test_descriptors_survive_packing(seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = {f.name: int.from_bytes(rng.bytes(8), "little") >> (64 - f.width) for f in DESCRIPTOR_FIELDS}
    descriptor = Descriptor(**values)
    data = descriptor.pack()
    assert len(data) == 64 and Descriptor.unpack(data) == descriptor
    ones = Descriptor(**{f.name: (1 << f.width) - 1 for f in DESCRIPTOR_FIELDS})
    assert Descriptor.unpack(ones.pack()) == ones


@pytest.mark.parametrize(("field", "value"), [("tokens", 65536), ("threshold", 1 << 17), ("opcode", -1)])
def test_a_value_too_large_is_named(field: str, value: int) -> None:
    with pytest.raises(ValueError, match=f"field {field}: {value} does not fit"):
        Descriptor(**{field: value}).pack()


def test_statistics_survive_packing() -> None:
    record = Statistics(*range(1, 17))
    assert Statistics.unpack(record.pack()) == record
    assert "cycle_end" not in record.counts() and record.counts()["mac_steps"] == 8


def test_every_error_has_a_text() -> None:
    assert set(registers.ERROR_TEXT) == set(Error)


def test_the_reference_page_matches() -> None:
    page = machine_tables.PAGE.read_text(encoding="utf-8")
    assert machine_tables.filled(page) == page, f"run python {machine_tables.__file__} to renew the tables"


def test_build_id_follows_the_sizes() -> None:
    build = board("sim-small")
    other = dataclasses.replace(build, act_depth=4096)
    assert registers.build_id(build) == registers.build_id(build) != registers.build_id(other)
    assert registers.limits(build) == (0x04100820, 0x080000A0, 0x02000400, 0x00800020)


def test_boards() -> None:
    with pytest.raises(UserError, match="No board is named 'zx81'; built is sim-small, zcu102, zcu102-max"):
        board("zx81")


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("rows", 8, "rows 8 must be cols times 2, 4 or 8"),
        ("rows", 36, "rows 36 must be cols times 2, 4 or 8"),
        ("rows", 24, "rows 24 must be cols times 2, 4 or 8"),
        ("rows", 128, "rows 128 must be cols times 2, 4 or 8"),
        ("cols", 2, "cols 2 must be 4, 8, 16 or 32"),
        ("cols", 12, "cols 12 must be 4, 8, 16 or 32"),
        ("cols", 64, "cols 64 must be 4, 8, 16 or 32"),
        ("act_depth", 1 << 16, "act_depth 65536 must be below 2\\^16"),
        ("norm_lanes", 12, "norm_lanes 12 must be cols times a power of two, at most rows"),
        ("norm_lanes", 64, "norm_lanes 64 must be cols times a power of two, at most rows"),
        ("max_k_tiles", 64, "norm_lanes 8 must be so many that LayerNorm takes"),
        ("bus_bits", 64, "bus_bits 64 must be 16 \\* cols"),
        ("weight_bus_bits", 16, "weight_bus_bits 16 must be 32, 64 or 128"),
        ("weight_bus_bits", 128, "weight_bus_bits 128 must be 32, 64 or 128; 4 times it .* at most a column"),
        ("max_experts", 40, "max_experts 40 must be at most 32"),
        ("max_tokens", 258, "max_tokens 258 must be at most 257"),
        ("max_experts", 12, "max_experts 12 must be a multiple of cols"),
        ("max_top_k", 5, "max_top_k 5 must be at most 4"),
        ("max_tokens", 0, "max_tokens 0 must be at least 1"),
        ("max_k_tiles", 1 << 10, "max_k_tiles 1024 must be so small that sums fit"),
    ],
)
def test_impossible_builds_are_refused(field: str, value: int, message: str) -> None:
    with pytest.raises(UserError, match=message):
        dataclasses.replace(BuildConfig("x"), **{field: value})


@pytest.mark.parametrize(
    ("name", "field", "value", "message"),
    [
        (
            "pynq-z2",
            "weight_bus_bits",
            128,
            "weight_bus_bits 128 must be 32, 64 or 128; 4 times it .* at most a column",
        ),
        ("pynq-z2", "norm_lanes", 2, "norm_lanes 2 must be cols times a power of two"),
        ("pynq-z2", "rows", 64, "rows 64 must be cols times 2, 4 or 8"),
        ("kv260", "norm_lanes", 128, "norm_lanes 128 must be cols times a power of two"),
        ("zcu104", "weight_bus_bits", 32, "weight_bus_bits 32 must .* 4 times it at least bus_bits"),
        ("zcu102-max", "weight_bus_bits", 64, "weight_bus_bits 64 must .* 4 times it at least bus_bits"),
        (
            "zcu102-max",
            "rows",
            128,
            "weight_bus_bits 128 must be so wide that a tile of int8 weights is 48 feeds",
        ),
        ("zcu102-max", "max_experts", 16, "max_experts 16 must be a multiple of cols"),
    ],
)
def test_boards_whose_sizes_do_not_go_together_are_refused(
    name: str, field: str, value: int, message: str
) -> None:
    with pytest.raises(UserError, match=message):
        dataclasses.replace(board(name), **{field: value})


@pytest.mark.slow
def test_the_cpp_headers_say_the_same(tmp_path: Path) -> None:
    """Compiles the generated headers and reads constants, fields and tables back."""
    registers.write_headers(board("sim-small"), tmp_path)
    fields = [
        ("k" + "Field" + "".join(p.capitalize() for p in f.name.split("_")), f) for f in DESCRIPTOR_FIELDS
    ]
    lines = ['#include "edgemoe_config.hpp"', '#include "edgemoe_registers.hpp"', "#include <cstdio>"]
    lines += ["using namespace edgemoe;", "int main() {"]
    lines += [f'  std::printf("%d %d %d\\n", {n}.word, {n}.lsb, {n}.width);' for n, _ in fields]
    for table in ("kExp2Table", "kRsqrtEvenTable", "kRsqrtOddTable", "kGeluTable"):
        lines.append(f'  for (auto v : {table}) std::printf("%u ", unsigned(v));')
    lines += ['  std::printf("\\n%d %d %d\\n", kRows, kErrorStatistics, kEpilogueDram);', "}", ""]
    source = tmp_path / "main.cpp"
    source.write_text("\n".join(lines))
    subprocess.run(
        ["g++", "-std=c++17", "-Wall", "-Werror", f"-I{tmp_path}", source, "-o", tmp_path / "a"], check=True
    )
    out = subprocess.run([tmp_path / "a"], check=True, capture_output=True, text=True).stdout.splitlines()
    assert out[: len(fields)] == [f"{f.word} {f.lsb} {f.width}" for _, f in fields]
    tables = [numerics.EXP2_TABLE, *numerics.RSQRT_TABLE, numerics.GELU_TABLE]
    assert [int(v) for v in out[-2].split()] == [int(v) for v in np.concatenate(tables)]
    assert out[-1] == "32 28 5"


@pytest.mark.parametrize("name", ["SHIFT_MAX", "CONTEXT_SHIFT_MAX", "EPS_MIN", "EPS_BITS", "SCORE_UNIT"])
def test_a_limit_of_the_machine_is_written_once(name: str) -> None:
    """In `numerics`; the C++ has it from the generated header and names it in its checks."""
    root = Path(__file__).parents[2]
    pattern = re.compile(rf"^[A-Z_, ]*\b{name}\b[A-Z_, ]*=[^=]", re.MULTILINE)
    homes = [p.name for p in (root / "host/edgemoe").rglob("*.py") if pattern.search(p.read_text())]
    assert homes == ["numerics.py"]
    constant = "k" + "".join(part.capitalize() for part in name.split("_"))
    assert f"constexpr int {constant} = {getattr(numerics, name)};" in config_hpp(board("sim-small"))
    assert constant in (root / "hls/include/edgemoe/checks.hpp").read_text()
