# SPDX-License-Identifier: Apache-2.0
"""Each part of each check of a layer program is seen by a row of `bad_programs`: without it a verdict changes.

The parts are, in the golden model, statements, conditions, operands of `and` and `or`, halves of a range, members of a
set and branches; in the C++, what is required, calls of a check, conditions, operands of `&&` and `||` and branches. In
both, each limit is moved by one to either side.
"""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from bad_programs import CASES, Case

from edgemoe.compiler.native import NativeError, NativeKernel, build_native
from edgemoe.config import BuildConfig
from edgemoe.golden import verdict
from edgemoe.kernels import hls_folder, include_folders


def implied(function: str, what: str) -> bool:
    """EXPERTS has tokens and experts of its GATE, where they are checked: its own check can't be the first to fail."""
    return function.endswith("experts") and any(
        name in what for name in ("heads", "HEADS", "tokens(verdict, c)")
    )


PATH = Path(verdict.__file__)


# -- the golden model
def _without(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    """A node without one of its parts, for each of them, and what was taken away."""
    match node:
        case ast.Expr(value=ast.Yield() | ast.YieldFrom()):
            yield ast.unparse(node), ast.parse("if False:\n    yield").body[0]
        case ast.If(test=test, body=body, orelse=orelse):
            yield f"if {ast.unparse(test)}", ast.If(ast.Constant(False), body, orelse)
        case ast.IfExp(body=body, orelse=orelse):
            yield f"always {ast.unparse(body)}", body
            yield f"always {ast.unparse(orelse)}", orelse
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


def _moved(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    """A comparison with each of its limits one more and one less: its right side, and the left one of a range."""
    if not isinstance(node, ast.Compare) or not isinstance(node.ops[-1], ast.Lt | ast.LtE | ast.Gt | ast.GtE):
        return
    for by in (1, -1):
        *rest, last = node.comparators
        yield (
            f"{ast.unparse(node)}, right side {by:+}",
            ast.Compare(node.left, node.ops, [*rest, _plus(last, by)]),
        )
        if rest:
            yield (
                f"{ast.unparse(node)}, left side {by:+}",
                ast.Compare(_plus(node.left, by), node.ops, node.comparators),
            )


def _plus(node: ast.expr, by: int) -> ast.expr:
    return ast.BinOp(node, ast.Add(), ast.Constant(by))


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
        for what, by in (*_without(node), *_moved(node)):
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
    assert len(mutants) > 200
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


ORDER = re.compile(r" (?:<=|>=|<|>) ")
CALL = re.compile(r"(?<=[ )])check_(?:tokens|k_tiles|dram|weights|range)\((?=verdict, c)")


class _Mutants:
    """Rewrites C++ so that a number at run time, `edgemoe_mutant`, says which of its parts is taken away or moved."""

    def __init__(self) -> None:
        self.parts: list[tuple[str, str]] = []  # function, what is different
        self.function = ""

    def gone(self, what: str) -> str:
        """The condition that this part is the one."""
        self.parts.append((self.function, " ".join(what.split())))
        return f"edgemoe_mutant == {len(self.parts)}"

    def condition(self, text: str) -> str:
        """A condition without each of its operands, and with each of its limits moved."""
        for by in ("||", "&&"):
            operands = _split(text, by)
            if len(operands) > 1:
                return f" {by} ".join(self._operand(operand, by) for operand in operands)
        inner = text.strip()
        if inner.startswith("(") and _closing(inner, 0) == len(inner) - 1:
            return f"({self.condition(inner[1:-1])})"
        for order in ORDER.finditer(text):
            if not _depth(text[: order.start()]):
                return f"{text} + (({self.gone(f'{text}, one more')}) - ({self.gone(f'{text}, one less')}))"
        return text

    def _operand(self, text: str, by: str) -> str:
        inner, gone = self.condition(text), self.gone(text)
        return f"({gone} || ({inner}))" if by == "&&" else f"(!({gone}) && ({inner}))"

    def required(self, text: str) -> str:
        """What is required, and its code: the condition may be gone as a whole, too."""
        *condition, error = _split(text, ",")
        whole = ",".join(condition)
        return f"({self.gone(f'all of {whole}')} || ({self.condition(whole)})),{error}"

    def taken(self, text: str) -> str:
        """The condition of a statement, which may never hold."""
        return f"!({self.gone(f'if {text}')}) && ({self.condition(text)})"

    def chosen(self, text: str) -> str:
        """The condition of `? :`, which may hold always or never."""
        return f"({self.gone(f'{text}, always')} || ({text})) && !({self.gone(f'{text}, never')})"

    def each(self, text: str, opening: str, closing: str, rewrite: Callable[[str], str], within: str) -> str:
        """Every text between ``opening`` and ``closing`` in functions whose names begin with ``within``, rewritten."""
        made, at = "", 0
        while (found := text.find(opening, at)) >= 0:
            start = found + len(opening)
            end = _closing(text, start - 1) if closing == ")" else text.index(closing, start)
            self.function = _function(text, found)
            inside = text[start:end]
            made += text[at:start] + (rewrite(inside) if self.function.startswith(within) else inside)
            at = end
        return made + text[at:]

    def calls(self, text: str) -> str:
        """Every call of one check by another, which may not happen."""
        made, at = "", 0
        for call in CALL.finditer(text):
            self.function = _function(text, call.start())
            what = text[call.start() : _closing(text, call.end() - 1) + 1]
            made += text[at : call.start()] + f"if (!({self.gone(what)})) "
            at = call.start()
        return made + text[at:]

    def branches(self, text: str) -> str:
        """Every condition of `? :`, wherever it begins."""
        made, at = "", 0
        for found in re.finditer(r" \? ", text):
            start = _beginning(text, found.start())
            self.function = _function(text, start)
            made += text[at:start] + self.chosen(text[start : found.start()])
            at = found.start()
        return made + text[at:]


def _depth(text: str) -> int:
    return text.count("(") + text.count("[") - text.count(")") - text.count("]")


def _function(text: str, at: int) -> str:
    """The name of the function around a place."""
    return ["", *re.findall(r"^\w.*?(\w+)\(", text[:at], re.MULTILINE)][-1]


def _beginning(text: str, end: int) -> int:
    """Where the condition that ends at ``end`` begins: behind an assignment, a comma, a bracket, `:` or `return`."""
    depth = 0
    for k in range(end - 1, 0, -1):
        depth += (text[k] in ")]") - (text[k] in "([")
        opened = depth < 0 or (not depth and (text[k] in ",:" or text[k - 1 : k + 2] == " = "))
        if opened or (not depth and text[k - 6 : k + 1] == "return "):
            return k + 1
    raise AssertionError("a condition without a beginning")


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
  auto nothing = [](const edgemoe::Command&) {};
  const edgemoe::ProgramVerdict verdict = edgemoe::walk_program(program, regions, nothing);
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


def _checks(made: _Mutants, text: str) -> str:
    text = made.each(made.branches(text), "verdict.require(", ")", made.required, "check_")
    text = made.each(text, " if (", ")", made.taken, "check_")
    text = made.each(text, "const bool ", ";", lambda part: _assigned(made, part), "check_")
    for helper in ("good_shift", "disjoint"):
        text = made.each(text, "  return ", ";", made.condition, helper)
    return made.calls(text)


def _header(made: _Mutants, text: str) -> str:
    text = made.each(text, " if (", ")", made.taken, "check_header")
    return made.each(text, "const bool ", ";", lambda part: _assigned(made, part), "check_header")


def _assigned(made: _Mutants, text: str) -> str:
    name, value = text.split(" = ", 1)
    return f"{name} = {made.condition(value)}"


class _Mutated:
    """The rewritten checks of every build that a row needs."""

    def __init__(self, folder: Path) -> None:
        made = _Mutants()
        (folder / "edgemoe").mkdir()
        for name, rewrite in (("checks", _checks), ("walker", _header)):
            text = (hls_folder() / f"include/edgemoe/{name}.hpp").read_text()
            (folder / f"edgemoe/{name}.hpp").write_text(rewrite(made, text))
        self.source = folder / "mutated.cpp"
        self.source.write_text(TOP)
        self.folder, self.parts = folder, made.parts
        self.kernels = {build.name: self.kernel(build) for build in {case.build for case in CASES}}

    def kernel(self, build: BuildConfig) -> NativeKernel:
        include = [self.folder, *include_folders(build, self.folder)]
        return NativeKernel(build_native(self.source, "mutated", include=include, out=self.folder))

    def agrees(self, mutant: int, case: Case) -> bool:
        try:
            return _verdict(self.kernels[case.build.name], mutant, case) == (case.error, case.index)
        except NativeError:  # it reads what it did not ask for
            return False


@pytest.fixture(scope="module")
def mutated(tmp_path_factory: pytest.TempPathFactory) -> _Mutated:
    return _Mutated(tmp_path_factory.mktemp("checks"))


def test_the_rewritten_checks_are_the_checks(mutated: _Mutated) -> None:
    assert [case.name for case in CASES if not mutated.agrees(0, case)] == []


def test_of_the_kernels(mutated: _Mutated) -> None:
    assert len(mutated.parts) > 200
    unseen = [
        f"{function}: {what}"
        for number, (function, what) in enumerate(mutated.parts, 1)
        if not implied(function, what) and all(mutated.agrees(number, case) for case in CASES)
    ]
    assert not unseen, "no row of bad_programs sees that these are gone:\n" + "\n".join(unseen)
