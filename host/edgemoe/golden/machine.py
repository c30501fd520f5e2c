# SPDX-License-Identifier: Apache-2.0
"""The machine: an interpreter of the layer program over DRAM regions and on-chip memories.

It knows nothing of the network: it executes the same descriptors as the accelerator, on memories of the same
size and layout, and ends with the same verdict, output bytes and statistics.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from edgemoe.config import CHOICE_SLOTS, BuildConfig
from edgemoe.golden.attention import attention, weighted
from edgemoe.golden.experts import Routing, combine, gate, scatter
from edgemoe.golden.gelu import gelu_epilogue
from edgemoe.golden.layernorm import layernorm
from edgemoe.golden.linear import expert_output, linear_sums, requantised, residual_added
from edgemoe.golden.verdict import Reading, check_program, word_sum
from edgemoe.numerics import RESIDUAL_BITS, Int, Tally, saturated
from edgemoe.program import Memory, Run
from edgemoe.registers import (
    DESCRIPTOR_BYTES,
    NO_INDEX,
    WIDE_SPACES,
    Descriptor,
    Epilogue,
    Error,
    Format,
    Opcode,
    Region,
    Space,
    Statistics,
    linear_beats,
    load_beats,
    norm_beats,
    store_beats,
)


@dataclass(frozen=True)
class Stage:
    """What one descriptor (or one expert of it) made: `tensor` is (T, channels), or (T, slots, 3) of GATE
    with expert, valid and score.
    """

    index: int
    descriptor: Descriptor
    expert: int
    tensor: Int


Watcher = Callable[[Stage], None]
"""Told of everything that a descriptor makes."""


def run(
    build: BuildConfig, memory: Memory, *, watch: Watcher | None = None, reread: bytes | None = None
) -> Run:
    """Runs a layer program, with the statistics' timing fields 0; `watch` is told what every descriptor makes.

    `reread` is what DRAM holds of the program when its descriptors are read again to run, if something wrote there
    after they were checked.
    """
    sizes = memory.sizes()
    verdict = check_program(build, memory.program, sizes)
    if verdict.error != Error.NONE:
        return Run(verdict.error, verdict.index, bytes(memory.output_bytes), ())
    machine, reading = _Machine(build, memory, watch), Reading(build, sizes)
    count, checksum = struct.unpack_from("<2I", memory.program, 8)
    program = memory.program if reread is None else reread
    end = (count + 1) * DESCRIPTOR_BYTES
    changed = word_sum(program[DESCRIPTOR_BYTES:end]) != checksum
    for index in range(count):
        d = Descriptor.unpack(program[(index + 1) * DESCRIPTOR_BYTES :])
        last = index == count - 1
        if reading.error(d, last) != Error.NONE or (last and changed):
            return Run(Error.CHANGED, index, bytes(machine.output), tuple(machine.records))
        machine.execute(index, d)
    return Run(Error.NONE, NO_INDEX, bytes(machine.output), tuple(machine.records))


class _Machine:
    """On-chip memories and the operations on them. A word is a row of `rows` values."""

    def __init__(self, build: BuildConfig, memory: Memory, watch: Watcher | None) -> None:
        self.build, self.memory, self.watch = build, memory, watch
        words = build.rows
        self.words = {
            Space.ACT: np.zeros((build.act_depth, words), dtype=np.int64),
            Space.KEYS: np.zeros((build.key_depth, words), dtype=np.int64),
            Space.RESIDUAL: np.zeros((build.residual_depth, words), dtype=np.int64),
            Space.ACCUM: np.zeros((build.residual_depth, words), dtype=np.int64),
        }
        self.logits = np.zeros((build.max_tokens, build.max_experts), dtype=np.int64)
        self.choice = np.zeros((build.max_tokens, CHOICE_SLOTS), dtype=np.int64)
        self.routing: Routing | None = None
        self.output = bytearray(memory.output_bytes)
        self.records: list[Statistics] = []

    def execute(self, index: int, d: Descriptor) -> None:
        """One descriptor: its work, then its statistics record."""
        operations: dict[int, Callable[[int, Descriptor], Statistics]] = {
            Opcode.LOAD: self.load,
            Opcode.LINEAR: self.linear,
            Opcode.LAYERNORM: self.layernorm,
            Opcode.ATTENTION: self.attention,
            Opcode.GATE: self.gate,
            Opcode.EXPERTS: self.experts,
            Opcode.COMBINE: self.combine,
            Opcode.STORE: self.store,
        }
        if d.opcode != Opcode.END:
            self.records.append(operations[d.opcode](index, d))

    def load(self, index: int, d: Descriptor) -> Statistics:
        """DRAM -> act or residual, in address order."""
        region = self.memory.image if d.region == Region.IMAGE else self.memory.weights
        kind = np.dtype({Format.U8: "<u1", Format.I16: "<i2", Format.I32: "<i4"}[Format(d.format)])
        values = np.frombuffer(region, kind, d.size * self.build.rows, d.offset).reshape(d.size, -1)
        tally, words = Tally(), values.astype(np.int64)
        if d.space == Space.RESIDUAL:
            words = saturated(words, RESIDUAL_BITS, tally)
        self.words[Space(d.space)][d.dst_base : d.dst_base + d.size] = words
        self._keep(index, d, words)
        return _record(d, tally, read_beats=d.size * load_beats(self.build, d.format))

    def linear(self, index: int, d: Descriptor) -> Statistics:
        """x W^T + b with one of the epilogues."""
        x = self._planes(Space.ACT, d.src_base, d.src_stride, d.k_tiles, np.arange(d.tokens))
        weight, bias, m, s = self._weights(d.offset, d.n_tiles, d.k_tiles, d.weight_bits)
        acc = linear_sums(x, weight, bias)
        rows = np.arange(d.tokens)
        write_beats, tally = 0, Tally()
        if d.epilogue == Epilogue.REQUANT:
            y = requantised(acc, m, s, tally)
            self._write(Space(d.space), d.dst_base, d.dst_stride, rows, y)
        elif d.epilogue == Epilogue.GELU:
            y = gelu_epilogue(acc, m, s, d.mult0, d.shift0, tally)
            self._write(Space.ACT, d.dst_base, d.dst_stride, rows, y)
        elif d.epilogue == Epilogue.RESIDUAL:
            planes = -(-d.n_tiles // self.build.banks)
            old = self._planes(Space.RESIDUAL, d.dst_base, d.dst_stride, planes, rows)[:, : acc.shape[1]]
            y = residual_added(old, acc, m, s, tally)
            self._write(Space.RESIDUAL, d.dst_base, d.dst_stride, rows, y)
        elif d.epilogue == Epilogue.RAW:
            y = acc
            self.logits[: d.tokens, : acc.shape[1]] = acc
        else:
            y = requantised(acc, m, s, tally)
            tiles = y.reshape(d.tokens, d.n_tiles, self.build.cols).transpose(1, 0, 2).astype("<i2")
            self.output[d.size : d.size + tiles.nbytes] = tiles.tobytes()
            write_beats = d.n_tiles * d.tokens
        self._keep(index, d, y)
        steps, beats = self._linear_counts(d.n_tiles, d.k_tiles, d.tokens, d.weight_bits)
        return _record(d, tally, mac_steps=steps, x_reads=steps, read_beats=beats, write_beats=write_beats)

    def layernorm(self, index: int, d: Descriptor) -> Statistics:
        """residual -> act."""
        rows = np.arange(d.tokens)
        x = self._planes(Space.RESIDUAL, d.src_base, d.src_stride, d.k_tiles, rows)
        records = np.frombuffer(self.memory.weights, "<u8", d.k_tiles * self.build.rows, d.offset)
        beta, gamma, s = _decode_records(records)
        gamma = gamma - ((gamma >> 15) << 16)  # the m field holds an int16 here
        tally = Tally()
        y = layernorm(x, gamma, beta, s, d.dim, d.eps, tally)
        self._write(Space.ACT, d.dst_base, d.dst_stride, rows, y)
        self._keep(index, d, y)
        return _record(d, tally, read_beats=norm_beats(self.build, d.k_tiles))

    def attention(self, index: int, d: Descriptor) -> Statistics:
        """Every head: q of act, k and v of keys; with a group of each head the queries of its queue, scored."""
        rows = np.arange(d.tokens)
        q = self._planes(Space.ACT, d.src_base, d.src_stride, d.heads, rows)
        k = self._planes(Space.KEYS, d.key_base, d.key_stride, d.heads, rows)
        v = self._planes(Space.KEYS, d.aux_base, d.aux_stride, d.heads, rows)
        context, lanes_of_head, tally = np.zeros_like(q), self.build.rows, Tally()
        queries = used = 0
        for head in range(d.heads):
            lanes = slice(lanes_of_head * head, lanes_of_head * (head + 1))
            tokens, mult1 = self._queries(d, head)
            if not len(tokens):
                continue
            queries, used = queries + len(tokens), used + 1
            context[tokens, lanes] = attention(
                q[tokens, lanes], k[:, lanes], v[:, lanes], d.mult0, d.shift0, mult1, d.shift1, tally
            )
        self._write(Space.ACT, d.dst_base, d.dst_stride, rows, context)
        self._keep(index, d, context)
        # Queries pass tiles of `cols` keys, then, as exponentials, tiles of `rows` values and `cols` channels.
        banks = self.build.banks
        score_tiles, context_tiles = -(-d.tokens // self.build.cols), -(-d.tokens // self.build.rows)
        score_steps = queries * score_tiles
        context_steps = queries * banks * context_tiles
        scores = queries * d.tokens
        return _record(
            d,
            tally,
            mac_steps=score_steps + context_steps,
            x_reads=score_steps,
            key_reads=used * (score_tiles * self.build.cols + context_tiles * self.build.rows),
            score_writes=scores,
            exp_evaluations=scores * banks,
        )

    def _queries(self, d: Descriptor, head: int) -> tuple[Int, Int | int]:
        """Tokens whose queries pass a head, and the multiplier of their contexts."""
        if not d.group:
            return np.arange(d.tokens), d.mult1
        if self.routing is None:
            raise RuntimeError("ATTENTION with a group but without GATE passed the checks")
        tokens, score = self.routing.queue(head)
        return tokens, weighted(d.mult1, score)

    def gate(self, index: int, d: Descriptor) -> Statistics:
        """Logits -> choice and queues; clears accum."""
        self.words[Space.ACCUM][:] = 0
        logits = self.logits[: d.tokens, : d.heads]
        tally = Tally()
        routing = gate(logits, d.group, d.rule, d.mult0, d.shift0, d.threshold, tally)
        slots = routing.expert | routing.valid.astype(np.int64) << 8 | routing.score << 16
        self.choice[: d.tokens] = 0
        self.choice[: d.tokens, : d.group] = slots
        self.routing = routing
        self._keep(index, d, np.stack([routing.expert, routing.valid, routing.score], axis=2))
        return _record(d, tally)

    def experts(self, index: int, d: Descriptor) -> Statistics:
        """Each used expert on its queue; a record for each."""
        if self.routing is None:
            raise RuntimeError("EXPERTS without GATE passed the checks")
        hidden_planes = d.n_tiles // self.build.banks
        outputs = self.build.banks * d.k_tiles
        fc1_bytes = self._linear_bytes(d.n_tiles, d.k_tiles, d.weight_bits)
        for expert in range(d.heads):
            tokens, score = self.routing.queue(expert)
            if not len(tokens):
                continue
            offset, tally = d.offset + expert * d.size, Tally()
            x = self._planes(Space.ACT, d.src_base, d.src_stride, d.k_tiles, tokens)
            weight, bias, m, s = self._weights(offset, d.n_tiles, d.k_tiles, d.weight_bits)
            hidden = gelu_epilogue(linear_sums(x, weight, bias), m, s, d.mult0, d.shift0, tally)
            self._write(Space.ACT, d.aux_base, d.aux_stride, np.arange(len(tokens)), hidden)
            weight, bias, m, s = self._weights(offset + fc1_bytes, outputs, hidden_planes, d.weight_bits)
            z = expert_output(linear_sums(hidden, weight, bias), m, s, tally)
            accum = self._planes(Space.ACCUM, d.dst_base, d.dst_stride, d.k_tiles, np.arange(d.tokens))
            scatter(accum, tokens, z, score)
            self._write(Space.ACCUM, d.dst_base, d.dst_stride, np.arange(d.tokens), accum)
            self._keep(index, d, z, expert)
            steps1, beats1 = self._linear_counts(d.n_tiles, d.k_tiles, len(tokens), d.weight_bits)
            steps2, beats2 = self._linear_counts(outputs, hidden_planes, len(tokens), d.weight_bits)
            counts = {"mac_steps": steps1 + steps2, "x_reads": steps1 + steps2, "read_beats": beats1 + beats2}
            self.records.append(replace(_record(d, tally, **counts), expert=expert, tokens=len(tokens)))
        sums = self._planes(Space.ACCUM, d.dst_base, d.dst_stride, d.k_tiles, np.arange(d.tokens))
        self._keep(index, d, sums)
        return _record(d)

    def combine(self, index: int, d: Descriptor) -> Statistics:
        """residual += accum, rounded."""
        rows = np.arange(d.tokens)
        x = self._planes(Space.RESIDUAL, d.dst_base, d.dst_stride, d.k_tiles, rows)
        accum = self._planes(Space.ACCUM, d.dst_base, d.dst_stride, d.k_tiles, rows)
        tally = Tally()
        y = combine(x, accum, tally)
        self._write(Space.RESIDUAL, d.dst_base, d.dst_stride, rows, y)
        self._keep(index, d, y)
        return _record(d, tally)

    def store(self, index: int, d: Descriptor) -> Statistics:
        """A memory's words -> output region."""
        space = Space(d.space)
        kind = "<u4" if space == Space.CHOICE else "<i4" if space in WIDE_SPACES else "<i2"
        memory = self.choice if space == Space.CHOICE else self.words[space]
        words = memory[d.src_base : d.src_base + d.size].astype(np.int64)
        if space == Space.CHOICE:  # whole beats each
            size = self.build.choice_beats * self.build.beat_bytes // 4
            words = np.pad(words, ((0, 0), (0, size - words.shape[1])))
        data = words.astype(kind).tobytes()
        self.output[d.offset : d.offset + len(data)] = data
        self._keep(index, d, words)
        return _record(d, write_beats=d.size * store_beats(self.build, space))

    def _planes(self, space: Space, base: int, stride: int, planes: int, rows: Int) -> Int:
        """Rows of a tensor in plane layout -> (rows of tokens, `rows` * planes), a copy."""
        address = base + np.arange(planes)[None, :] * stride + rows[:, None]
        return self.words[space][address].reshape(len(rows), -1)

    def _write(self, space: Space, base: int, stride: int, rows: Int, values: Int) -> None:
        """The inverse of `_planes`; lanes beyond the values' channels keep what they hold."""
        width = self.build.rows
        for plane in range(-(-values.shape[1] // width)):
            part = values[:, plane * width : (plane + 1) * width]
            self.words[space][base + plane * stride + rows, : part.shape[1]] = part

    def _weights(self, offset: int, n_tiles: int, k_tiles: int, bits: int) -> tuple[Int, Int, Int, Int]:
        """Tiles in DRAM -> weight (N,K), bias (N), m (N), s (N)."""
        size, records = (
            self._linear_bytes(n_tiles, k_tiles, bits),
            self.build.record_beats * self.build.beat_bytes,
        )
        raw = np.frombuffer(self.memory.weights, np.uint8, size, offset).reshape(n_tiles, -1)
        bias, m, s = _decode_records(np.ascontiguousarray(raw[:, :records]).view("<u8").ravel())
        values = np.ascontiguousarray(raw[:, records:]).view("<i1" if bits == 8 else "<i2").astype(np.int64)
        weight = values.reshape(n_tiles, k_tiles, self.build.cols, self.build.rows).transpose(0, 2, 1, 3)
        return weight.reshape(n_tiles * self.build.cols, -1), bias, m, s

    def _linear_counts(self, n_tiles: int, k_tiles: int, tokens: int, bits: int) -> tuple[int, int]:
        """Steps of the array and beats from DRAM of one linear layer."""
        return n_tiles * k_tiles * tokens, linear_beats(self.build, n_tiles, k_tiles, bits)

    def _linear_bytes(self, n_tiles: int, k_tiles: int, bits: int) -> int:
        return linear_beats(self.build, n_tiles, k_tiles, bits) * self.build.beat_bytes

    def _keep(self, index: int, d: Descriptor, tensor: Int, expert: int = NO_INDEX) -> None:
        if self.watch is not None:
            self.watch(Stage(index, d, expert, tensor.copy()))


def _decode_records(records: NDArray[np.uint64]) -> tuple[Int, Int, Int]:
    """64-bit channel records -> bias int40 (sign-extended), m 16 bits unsigned, s."""
    words = records.astype(np.uint64)
    bias = (words << np.uint64(24)).view(np.int64) >> 24
    m = (words >> np.uint64(40)) & np.uint64(0xFFFF)
    s = (words >> np.uint64(56)) & np.uint64(0x3F)
    return bias, m.astype(np.int64), s.astype(np.int64)


def _record(d: Descriptor, tally: Tally | None = None, **counts: int) -> Statistics:
    clipped = 0 if tally is None else tally.lanes
    return Statistics(d.stage, d.opcode, NO_INDEX, d.tokens, saturated=clipped, **counts)
