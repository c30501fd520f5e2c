# SPDX-License-Identifier: Apache-2.0
"""Random programs: every opinion on each of them is the same; a failing one shrinks to its cause."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from fuzzing.__main__ import verdict
from fuzzing.campaign import FAILURES, LOG, campaign
from fuzzing.generate import EXTRAS, FEATURES, REFUSED, program
from fuzzing.scalars import BUILTINS
from fuzzing.seeds import FOUND, FOUND_FOLDER
from fuzzing.shrink import shrink
from fuzzing.tree import Node

from edgemoe.compiler import interp_source
from edgemoe.compiler.ir import Opcode

#: How a feature shows in the text of a program.
SIGNS = {
    "ap_int": r"\bap_int<",
    "ap_uint": r"\bap_uint<",
    "an enumeration with scope": r"\benum class ",
    "an enumeration": r"\benum \w+ :",
    "an array in a struct": r"struct \w+ \{[^}]*\w\[\d+\];",
    "a nested struct": r"struct \w+ \{[^}]*\bf\d+_s\d m",
    "an array of structs in a struct": r"struct \w+ \{[^}]*\bf\d+_s\d m\d\[",
    "a nested array": r"\w\[\d+\]\[\d+\]",
    "a static with values": r"  static [\w ]+?(<\d+>)? m\d+\[\d+\] = \{\W*\w",
    "a static struct with values": r"  static f\d+_s\d m\d+ = \{",
    "a table": r"\bf\d+_t0\[\d+\] = \{",
    "a keyword pragma": r"#pragma HLS \w+ variable ?= ?[\w.]+ type ?=",
    "a default argument": r"\w x\d = ",
    "a lambda": r"auto g\d+ = \[",
    "a module": r"INLINE off",
    **{f"II {k}": rf"PIPELINE II ?= ?{k}\b" for k in (1, 2, 3, 4)},
    **{
        kind: rf"array_partition variable ?= ?\S+ (type ?= ?)?{kind}"
        for kind in ("complete", "cyclic", "block")
    },
    "a partition of another dimension": r"array_partition .*dim ?= ?[02]",
    "a dataflow region": r"HLS DATAFLOW",
    "blocks": r"hls::stream_of_blocks<",
    "partitioned blocks": r"array_partition variable ?= ?blocks",
    "a vector": r"hls::vector<",
    "a copy of a struct": r"f\d+_s\d s\d+ = \w",
    "several reads": r"in\.read\(\)(?s:.*)\bin\.read\(\)",
    "a read under a condition": r"\n +v\d+ = in\.read",
    "a pointer that walks": r"\*p\d+\+\+",
    "memset": r"memset\(\w+, (0|-1|255|0x5a),",
    "memset with a byte of run time": r"memset\(\w+, (\(|round)",
    "memcpy of all": r"memcpy\(\w+, \w+, sizeof",
    "memcpy of a part": r"memcpy\(\w+ \+ ",
    "masters": r"read_request(?s:.*)write_request",
    "a returned value": r"\n(?!static|void)[\w ]+(<\d+>)? f\d+\(hls",
}


def test_a_seed_is_a_program() -> None:
    assert program(5).text == program(5).text != program(6).text


def test_two_hundred_programs_have_every_feature() -> None:
    """By their texts: what a feature's name promises is there."""
    texts = [program(seed).text for seed in range(200)]
    rare = {name: sum(bool(re.search(sign, t, re.IGNORECASE)) for t in texts) for name, sign in SIGNS.items()}
    rare |= {t.name: sum(bool(re.search(rf"\b{t.name} \w", text)) for text in texts) for t in BUILTINS}
    assert {name: number for name, number in rare.items() if number < 3} == {}


def test_what_is_refused_is_left_out_unless_asked_for() -> None:
    names = range(60)
    assert not any(REFUSED & program(seed).features for seed in names)
    assert any(REFUSED & program(seed, without=frozenset()).features for seed in names)


def test_the_shrinker_leaves_what_matters() -> None:
    root = Node()
    for outer in range(6):
        block = root.add(f"if (a{outer}) {{", tail="}")
        for inner in range(9):
            block.add(f"b[{outer}] = long_{inner};", simpler=(f"b[{outer}] = 1;",))
    small = shrink(root, lambda r: "b[3]" in r.text() and "b[5]" in r.text())
    assert sorted(small.text().split("\n")) == ["", "b[3] = 1;", "b[5] = 1;"]
    assert root.size() == 6 * 11, "the original stays"


@pytest.mark.slow
def test_a_planted_fault_shrinks_to_its_cause(monkeypatch: pytest.MonkeyPatch) -> None:
    """The interpreter takes exclusive or for or; what is left of a program is little more than one."""
    monkeypatch.setitem(interp_source._INFIX, Opcode.XOR, "|")
    seed = 0
    before = program(seed, without=frozenset([*FEATURES, *EXTRAS])).root

    def wrong(root: Node) -> bool:
        return verdict(root, seed, rtl=False)[0] == "interpreter"

    assert wrong(before)
    small = shrink(before, wrong, tries=120)
    statements = [line for line in small.lines() if line.rstrip().endswith(";")]
    assert len(statements) <= 12 < before.size(), small.text()
    assert "^" in small.text()


def test_every_failure_in_the_log_is_kept() -> None:
    """`make fuzz-compiler` writes the log: a version's seeds run once each, and what failed is a program of `FOUND`."""
    ran: dict[str, set[int]] = {}
    for line in map(json.loads, LOG.read_text().splitlines()):
        seeds = {seed for first, last in line["seeds"] for seed in range(first, last + 1)}
        done = ran.setdefault(line["version"], set())
        assert not seeds & done
        done |= seeds
        assert sum(line["counts"].values()) == len(seeds)
        assert {failure["seed"] for failure in line["failures"]} <= {kept.seed for kept in FOUND.values()}
        assert set(line["counts"]) - {"ok", "refused"} == {failure["kind"] for failure in line["failures"]}


@pytest.mark.slow
@pytest.mark.parametrize("first", range(0, 200, 25))
def test_random_programs(first: int) -> None:
    heard: list[dict[str, object]] = []
    total = campaign(first, 25, log=None, heard=heard.append)
    wrong = [line for line in heard if line.get("kind") in (*FAILURES, "refused")]
    assert not wrong, wrong
    assert total["ok"] == 25


@pytest.mark.slow
@pytest.mark.parametrize("name", FOUND)
def test_what_was_found(name: str, request: pytest.FixtureRequest) -> None:
    """A minimal program of each kind that once failed: exact in every opinion."""
    if cause := FOUND[name].open:
        request.applymarker(pytest.mark.xfail(reason=cause, strict=True))
    root = Node((FOUND_FOLDER / f"{name}.cpp").read_text())
    assert verdict(root, FOUND[name].seed, name) == ("ok", "")


def test_every_found_program_has_its_cause() -> None:
    assert sorted(FOUND) == sorted(path.stem for path in Path(FOUND_FOLDER).glob("*.cpp"))
