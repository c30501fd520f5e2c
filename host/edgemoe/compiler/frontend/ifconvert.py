# SPDX-License-Identifier: Apache-2.0
"""If-conversion of a pipelined loop's body: control becomes predicates, phis become selects.

The predicate of a block is taken from the nearest dominator that the block post-dominates (both run equally often), so
that joins cost nothing. A phi compares the paths from its block's immediate dominator only, not from the loop's head.
"""

from __future__ import annotations

from collections.abc import Callable, Generator

from edgemoe.compiler.emitter import Emitter
from edgemoe.compiler.frontend.cfg import DominatorTree, immediate_dominators, reverse_post_order
from edgemoe.compiler.ir import Value

_OUT = "<out>"  # what follows the iteration: exits and back edges

Condition = Callable[[str, str], "Value | None"]


class Predicates:
    """Predicates of the blocks of one loop body, seen as an acyclic graph from ``header``."""

    def __init__(self, header: str, blocks: set[str], successors: dict[str, list[str]], condition: Condition,
                 emit: Emitter) -> None:  # fmt: skip
        self.header = header
        self._emit = emit
        self._condition = condition

        def inner(name: str) -> list[str]:
            return [s for s in dict.fromkeys(successors[name]) if s in blocks and s != header]

        self.order = reverse_post_order(header, inner)
        self.predecessors: dict[str, list[str]] = {name: [] for name in self.order}
        for name in self.order:
            for target in inner(name):
                self.predecessors[target].append(name)
        self.idom = immediate_dominators(self.order, lambda n: self.predecessors[n])
        leaves = {n for n in self.order if any(s not in blocks or s == header for s in successors[n])}
        leaves |= {n for n in self.order if not successors[n]}
        backward = {name: list(self.predecessors[name]) for name in self.order}
        backward[_OUT] = [n for n in self.order if n in leaves]
        forward = {name: [*inner(name), *([_OUT] if name in leaves else [])] for name in self.order}
        reverse = reverse_post_order(_OUT, lambda n: backward[n])
        self._above = DominatorTree(self.idom)
        self._below = DominatorTree(immediate_dominators(reverse, lambda n: forward.get(n, [])))
        self._memo: dict[tuple[str, str], Value | None] = {}

    def of(self, block: str) -> Value | None:
        """When the block runs in an iteration; None: always."""
        return self.reach(self.header, block)

    def edge(self, source: str, target: str, start: str | None = None) -> Value | None:
        """When control takes the edge, given that ``start`` (default: the header) runs."""
        return self._emit.both(self.reach(start or self.header, source), self._condition(source, target))

    def reach(self, start: str, block: str) -> Value | None:
        """When ``block`` runs, given that its dominator ``start`` does."""
        # On a stack of its own: a body may have more blocks in a row than Python has frames.
        waiting, answer = [self._reaching(start, block)], None
        while waiting:
            try:
                before = waiting[-1].send(answer)
            except StopIteration as ended:
                waiting.pop()
                answer = ended.value
            else:
                waiting.append(self._reaching(start, before))
                answer = None
        return answer

    def _reaching(self, start: str, block: str) -> Generator[str, Value | None, Value | None]:
        """Asks for the blocks before ``block``, one by one, and is sent when each runs; returns when ``block`` does."""
        if start == block:
            return None
        key = (start, block)
        if key not in self._memo:
            equal = self._control_parent(block)
            result: Value | None = None
            if equal is not None and self._above.dominates(start, equal):
                result = yield equal
            else:
                for number, source in enumerate(self.predecessors[block]):
                    before = yield source
                    taken = self._emit.both(before, self._condition(source, block))
                    result = taken if number == 0 else self._emit.either(result, taken)
            self._memo[key] = result
        return self._memo[key]

    def _control_parent(self, block: str) -> str | None:
        """The nearest dominator that ``block`` post-dominates."""
        above = block
        while self.idom[above] != above:
            above = self.idom[above]
            if self._below.dominates(block, above):
                return above
        return None

    def join(self, block: str, incoming: list[tuple[str, Value]]) -> Value:
        """The value of a phi of ``block`` (not the header) from (predecessor, value) pairs."""
        return self.choose(
            [(self.edge(source, block, self.idom[block]), value) for source, value in incoming]
        )

    def choose(self, cases: list[tuple[Value | None, Value]]) -> Value:
        """The value whose predicate holds; the predicates exclude each other and one holds."""
        *first, (_, result) = cases
        for predicate, value in reversed(first):
            result = value if predicate is None else self._emit.select(predicate, value, result)
        return result
