# SPDX-License-Identifier: Apache-2.0
"""Each part of each check of a layer program is seen by a row of `bad_programs`: without it a verdict changes.

The parts are the statements, operands of `and` and `or`, halves of a range and members of a set of the golden model's
checks, and the operands of `&&` and `||` in what the C++ requires.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from bad_programs import CASES, Case

from edgemoe.compiler.native import NativeKernel, build_native
from edgemoe.config import BuildConfig
from edgemoe.golden import verdict
from edgemoe.kernels import hls_folder, include_folders


def implied(function: str, what: str) -> bool:
    """EXPERTS has as many experts as its GATE, where they are checked: its own check can't be the first to fail."""
    return function.endswith("experts") and ("heads" in what or "HEADS" in what)


PATH = Path(verdict.__file__)


# -- the golden model
def _without(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    """A node without one of its parts, for each of them, and what was taken away."""
    match node:
        case ast.Expr(value=ast.Yield() | ast.YieldFrom()):
            yield ast.unparse(node), ast.parse("if False:\n    yield").body[0]
        case ast.BoolOp(op=op, values=values):
            for k, value in enumerate(values):
                rest = [v for i, v in enumerate(values) if i != k]
                yield ast.unparse(value), rest[0] if len(rest) == 1 else ast.BoolOp(op, rest)
        case ast.Compare(ops=ops) if len(ops) > 1:
            places = [node.left, *node.comparators]
            for k in range(len(ops)):
                yield (
                    ast.unparse(node) + f", part {k + 1}",
                    _conjunction(
                        [ast.Compare(places[i], [ops[i]], [places[i + 1]]) for i in range(len(ops)) if i != k]
                    ),
                )
        case ast.Compare(ops=[ast.NotIn()], comparators=[ast.Tuple(elts=members)]):
            for k, member in enumerate(members):
                rest_of = ast.Tuple([m for i, m in enumerate(members) if i != k], ast.Load())
                yield (
                    f"{ast.unparse(member)} of {ast.unparse(node)}",
                    ast.Compare(node.left, node.ops, [rest_of]),
                )


def _conjunction(parts: list[ast.expr]) -> ast.expr:
    return parts[0] if len(parts) == 1 else ast.BoolOp(ast.And(), parts)


class _Replace(ast.NodeTransformer):
    """Replaces one node of a tree."""

    def __init__(self, target: ast.AST, by: ast.AST) -> None:
        self.target, self.by = target, by

    def visit(self, node: ast.AST) -> ast.AST:
        return self.by if node is self.target else self.generic_visit(node)


def _mutants() -> list[tuple[str, ModuleType]]:
    tree = ast.parse(PATH.read_text())
    made = []
    functions = {
        id(inner): function.name
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef)
        for inner in ast.walk(function)
    }
    for node in ast.walk(tree):
        for what, by in _without(node):
            if implied(functions.get(id(node), ""), what):
                continue
            target, other, whole = copy.deepcopy(
                (node, by, tree)
            )  # one copy: the target is a node of the whole
            changed = ast.fix_missing_locations(_Replace(target, other).visit(whole))
            module = ModuleType("mutant")
            module.__dict__["__name__"] = verdict.__name__
            exec(compile(changed, str(PATH), "exec"), module.__dict__)
            made.append((f"line {getattr(node, 'lineno', 0)}: {what}", module))
    return made


def _seen_by(module: ModuleType) -> str:
    """The first row whose verdict changes."""
    for case in CASES:
        try:
            result = module.check_program(case.build, case.program, case.sizes)
        except Exception:
            return case.name
        if (result.error, result.index) != (case.error, case.index):
            return case.name
    return ""


def test_of_the_golden_model() -> None:
    mutants = _mutants()
    assert len(mutants) > 100
    unseen = [what for what, module in mutants if not _seen_by(module)]
    assert not unseen, "no row of bad_programs sees that these are gone:\n" + "\n".join(unseen)


# -- the C++
def _closing(text: str, at: int) -> int:
    """The parenthesis that closes the one at ``at``."""
    depth = 0
    for k in range(at, len(text)):
        depth += (text[k] == "(") - (text[k] == ")")
        if not depth:
            return k
    raise AssertionError("an open parenthesis")


def _split(text: str, by: str) -> list[str]:
    """The parts of an expression between operators that stand in no parentheses."""
    parts, depth, start = [], 0, 0
    for k, letter in enumerate(text):
        depth += (letter in "([") - (letter in ")]")
        if not depth and text.startswith(by, k):
            parts.append(text[start:k])
            start = k + len(by)
    return [*parts, text[start:]]


class _Conditions:
    """Rewrites conditions so that a number at run time says which of their operands is taken away."""

    def __init__(self) -> None:
        self.parts: list[tuple[str, str]] = []  # function, what is taken away
        self.function = ""

    def rewritten(self, condition: str) -> str:
        for by in ("||", "&&"):
            operands = _split(condition, by)
            if len(operands) > 1:
                return f" {by} ".join(self._operand(operand, by) for operand in operands)
        inner = condition.strip()
        if inner.startswith("(") and _closing(inner, 0) == len(inner) - 1:
            return f"({self.rewritten(inner[1:-1])})"
        return condition

    def _operand(self, text: str, by: str) -> str:
        inner = self.rewritten(text)
        self.parts.append((self.function, " ".join(text.split())))
        gone = f"edgemoe_mutant == {len(self.parts)}"
        return f"({gone} || ({inner}))" if by == "&&" else f"(!({gone}) && ({inner}))"

    def whole(self, condition: str) -> str:
        """A requirement that may be gone as a whole, too."""
        inner = self.rewritten(condition)
        self.parts.append((self.function, "all of " + " ".join(condition.split())))
        return f"(edgemoe_mutant == {len(self.parts)} || ({inner}))"

    def file(self, text: str, opening: str) -> str:
        """Every condition that stands behind ``opening``, which ends in a parenthesis, up to the last comma."""
        made, at = "", 0
        while (found := text.find(opening, at)) >= 0:
            start, end = found + len(opening), _closing(text, found + len(opening) - 1)
            self.function = text[:found].rpartition("\ninline ")[2].partition("(")[0].split()[-1]
            *condition, error = _split(text[start:end], ",")
            made += text[at:start] + self.whole(",".join(condition)) + "," + error
            at = end
        return made + text[at:]


TOP = """
static int edgemoe_mutant;
#include "edgemoe/walker.hpp"
void mutated(int mutant, hls::burst_maxi<edgemoe::Beat> program, ap_uint<32> program_bytes, ap_uint<32> weights_bytes,
             ap_uint<32> image_bytes, ap_uint<32> output_bytes, ap_uint<32> statistics_bytes, ap_uint<32>& status,
             ap_uint<32>& error_index) {
  edgemoe_mutant = mutant;
  edgemoe::Regions regions;
  regions.program = program_bytes;
  regions.weights = weights_bytes;
  regions.image = image_bytes;
  regions.output = output_bytes;
  regions.statistics = statistics_bytes;
  const edgemoe::ProgramVerdict verdict = edgemoe::check_program(program, regions);
  status = verdict.status;
  error_index = verdict.error_index;
}
"""


def _verdict(kernel: NativeKernel, mutant: int, case: Case) -> tuple[int, int]:
    scalars = {"mutant": mutant, **case.sizes.registers()}
    size = max(case.sizes.program, len(case.program), 64)
    program = np.frombuffer(case.program.ljust(size + -size % 64, b"\0"), dtype=np.uint8).copy()
    outputs = kernel.run(scalars=scalars, memories={"program": program}).outputs
    return outputs["status"], outputs["error_index"]


class _Mutated:
    """The rewritten checks of every build that a row needs."""

    def __init__(self, folder: Path) -> None:
        made = _Conditions()
        text = (hls_folder() / "include/edgemoe/checks.hpp").read_text()
        (folder / "edgemoe").mkdir()
        (folder / "edgemoe/checks.hpp").write_text(made.file(text, "verdict.require("))
        self.source = folder / "mutated.cpp"
        self.source.write_text(TOP)
        self.folder, self.parts = folder, made.parts
        self.kernels = {build.name: self.kernel(build) for build in {case.build for case in CASES}}

    def kernel(self, build: BuildConfig) -> NativeKernel:
        include = [self.folder, *include_folders(build, self.folder)]
        return NativeKernel(build_native(self.source, "mutated", include=include, out=self.folder))

    def agrees(self, mutant: int, case: Case) -> bool:
        return _verdict(self.kernels[case.build.name], mutant, case) == (case.error, case.index)


@pytest.fixture(scope="module")
def mutated(tmp_path_factory: pytest.TempPathFactory) -> _Mutated:
    return _Mutated(tmp_path_factory.mktemp("checks"))


def test_the_rewritten_checks_are_the_checks(mutated: _Mutated) -> None:
    assert [case.name for case in CASES if not mutated.agrees(0, case)] == []


def test_of_the_kernels(mutated: _Mutated) -> None:
    assert len(mutated.parts) > 100
    unseen = [
        f"{function}: {what}"
        for number, (function, what) in enumerate(mutated.parts, 1)
        if not implied(function, what) and all(mutated.agrees(number, case) for case in CASES)
    ]
    assert not unseen, "no row of bad_programs sees that these are gone:\n" + "\n".join(unseen)
