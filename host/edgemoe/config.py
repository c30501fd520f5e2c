# SPDX-License-Identifier: Apache-2.0
"""Every size: what the network is (`ModelConfig`) and how large the accelerator is built (`BuildConfig`).

A model runs on any build whose maxima hold it, with no rebuild. The C++ side gets the build's sizes and the
function tables as a generated header, so that no number is written twice. `edgemoe.numerics` is imported where it is
used: it needs NumPy, and a command that only names boards and models does not wait for that.
"""

from __future__ import annotations

import dataclasses
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgemoe.errors import NotBuiltYetError, UserError, shown

CITYSCAPES_GROUPS = ("flat", "construction", "object", "nature", "sky", "human", "vehicle")
GATES = ("multi", "task_embedding")
SCORE_RULES = ("softmax_all", "softmax_topk")
TASKS = ("segmentation", "depth")
WEIGHT_PORTS = 4  # masters over which the weights region is striped
CHOICE_SLOTS = 4  # experts that a token's `choice` has room for
EMBEDDING_DIM = 32  # of the task embedding that a shared gate is given
LARGEST = (
    1 << 16
)  # of any size of a model; with the next two, what keeps damaged files from asking for memory
LAYERS_MOST = 1024
WEIGHTS_MOST = 1 << 29  # values in all of a model's tensors
CLASSES_MOST = 256  # labels are bytes
DEPTH_MOST = 1_000_000  # metres
NAME_MOST = 100  # characters of a model's or a class's name


def _log2_ceil(n: int) -> int:
    return (n - 1).bit_length()


def _at_least(owner: str, field: str, value: int, low: int, kind: str = "Model") -> None:
    if value < low:
        raise UserError(f"{kind} {owner!r}: {field} {shown(value)} must be at least {low}.")


def _one_of(owner: str, field: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise UserError(f"Model {owner!r}: {field} {shown(value)} must be one of {', '.join(allowed)}.")


@dataclass(frozen=True)
class ModelConfig:
    """One network. Sizes are H x W; token 0 is the class token, patches follow row by row."""

    name: str
    height: int
    width: int
    patch: int
    dim: int
    heads: int
    layers: int
    dense_hidden: int
    experts: int  # 0 = a dense model; else odd layers have experts
    expert_hidden: int
    top_k: int
    head_hidden: int  # hidden width of both tasks' heads
    gate: str = "multi"  # "multi": a gate per task; "task_embedding": one gate, told the task by an embedding
    score_rule: str = "softmax_all"  # or "softmax_topk"
    threshold: float = 0.0  # experts with a score below it are dropped
    classes: tuple[str, ...] = CITYSCAPES_GROUPS
    depth_range: tuple[float, float] = (1.0, 80.0)  # metres, nearest and farthest
    eps: float = 1e-6  # of every LayerNorm

    def __post_init__(self) -> None:
        for name in (self.name, *self.classes):
            if not (name and name.isprintable() and len(name) <= NAME_MOST):
                raise UserError(
                    f"A model's or a class's name must be 1 to {NAME_MOST} printable characters, not {shown(name)}."
                )
        for field in ("height", "width", "patch", "dim", "heads", "layers", "dense_hidden", "head_hidden"):
            self._in_range(field, 1, LARGEST)
        self._in_range("layers", 1, LAYERS_MOST)
        for field in ("experts", "expert_hidden", "top_k"):
            self._in_range(field, 0, LARGEST)
        for side in ("height", "width"):
            size = getattr(self, side)
            if size % self.patch:
                raise UserError(
                    f"Model {self.name!r}: {side} {size} is not a multiple of patch {self.patch}."
                )
        if self.dim % self.heads:
            raise UserError(f"Model {self.name!r}: dim {self.dim} is not a multiple of heads {self.heads}.")
        if self.experts:
            self._in_range("expert_hidden", 1, LARGEST)
            if not 1 <= self.top_k <= self.experts:
                raise UserError(
                    f"Model {self.name!r}: top_k {self.top_k} must lie in 1..{self.experts}, the experts."
                )
        _one_of(self.name, "gate", self.gate, GATES)
        _one_of(self.name, "score_rule", self.score_rule, SCORE_RULES)
        if not 0 <= self.threshold <= 1:
            raise UserError(
                f"Model {self.name!r}: threshold {shown(self.threshold)} must lie in 0..1, as a score does."
            )
        if not self.classes:
            raise UserError(f"Model {self.name!r}: classes is empty; name at least one.")
        if len(self.classes) > CLASSES_MOST or len(set(self.classes)) < len(self.classes):
            raise UserError(f"Model {self.name!r}: classes must be at most {CLASSES_MOST}, all different.")
        near, far = self.depth_range
        if not 0 <= near < far <= DEPTH_MOST:
            raise UserError(
                f"Model {self.name!r}: depth_range {shown(near)}..{shown(far)} m must satisfy "
                f"0 <= near < far <= {DEPTH_MOST}."
            )
        if not 0 <= self.eps <= 1:
            raise UserError(f"Model {self.name!r}: eps {shown(self.eps)} must lie in 0..1.")
        if self.weights > WEIGHTS_MOST:
            raise UserError(
                f"Model {self.name!r} has {self.weights:,} weights; at most {WEIGHTS_MOST:,} are supported."
            )

    def _in_range(self, field: str, low: int, high: int) -> None:
        value = getattr(self, field)
        _at_least(self.name, field, value, low)
        if value > high:
            raise UserError(f"Model {self.name!r}: {field} {shown(value)} is above {high}.")

    @property
    def weights(self) -> int:
        """Values in the weights of all layers, biases and norms not counted."""
        moe = sum(self.is_moe(i) for i in range(self.layers)) if self.experts else 0
        expert = self.experts * (2 * self.expert_hidden + len(TASKS))
        layers = self.layers * 4 * self.dim + (self.layers - moe) * 2 * self.dense_hidden + moe * expert
        heads = sum(self.head_hidden * (self.dim + self.head_outputs(task)) for task in TASKS)
        return self.dim * (layers + self.patch_inputs + self.tokens) + heads

    @property
    def grid(self) -> tuple[int, int]:
        """Rows and columns of patches."""
        return self.height // self.patch, self.width // self.patch

    @property
    def patches(self) -> int:
        return self.grid[0] * self.grid[1]

    @property
    def tokens(self) -> int:
        """The class token and the patches."""
        return 1 + self.patches

    @property
    def head_dim(self) -> int:
        return self.dim // self.heads

    @property
    def patch_inputs(self) -> int:
        """Values of one patch, in the order (channel, y, x)."""
        return 3 * self.patch * self.patch

    def is_moe(self, layer: int) -> bool:
        """Odd layers have experts, in a model that has any."""
        return self.experts > 0 and layer % 2 == 1

    def head_outputs(self, task: str) -> int:
        """Outputs of a task's head for one token; row r is map r // patch^2, pixel r % patch^2."""
        return (len(self.classes) if task == "segmentation" else 1) * self.patch * self.patch

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> ModelConfig:
        """The inverse of `to_dict`, with a message for a field that is missing, unknown or mistyped."""
        if not isinstance(data, dict):
            raise UserError(f"A model's config must be a JSON object, not {type(data).__name__}.")
        known = {field.name: field for field in dataclasses.fields(cls)}
        unknown = [name for name in data if name not in known]
        if unknown:
            raise UserError(
                f"A model's config has no field {shown(unknown[0])}; known are {', '.join(known)}."
            )
        needed = [name for name, field in known.items() if field.default is dataclasses.MISSING]
        missing = [name for name in needed if name not in data]
        if missing:
            raise UserError(f"The model's config lacks the field {missing[0]!r}.")
        values: dict[str, Any] = {}
        for name, value in data.items():
            kind = str(known[name].type)
            wanted = {"int": (int,), "str": (str,), "float": (int, float)}.get(kind, (list, tuple))
            if isinstance(value, bool) or not isinstance(value, wanted):
                raise UserError(
                    f"The model's config field {name!r} must be of type {kind}, not {shown(value)}."
                )
            values[name] = tuple(value) if isinstance(value, list | tuple) else value
        near_far = values.get("depth_range", (0, 1))
        if len(near_far) != 2 or not all(type(value) in (int, float) for value in near_far):
            raise UserError(
                "The model's config field 'depth_range' must hold two numbers, nearest and farthest."
            )
        if not all(isinstance(value, str) for value in values.get("classes", ())):
            raise UserError("The model's config field 'classes' must hold names.")
        return cls(**values)


MODELS = {
    "nano": ModelConfig(
        name="nano",
        height=64,
        width=128,
        patch=8,
        dim=64,
        heads=2,
        layers=4,
        dense_hidden=256,
        experts=8,
        expert_hidden=128,
        top_k=2,
        head_hidden=128,
    ),
    "tiny": ModelConfig(
        name="tiny",
        height=128,
        width=256,
        patch=16,
        dim=192,
        heads=3,
        layers=12,
        dense_hidden=768,
        experts=16,
        expert_hidden=384,
        top_k=2,
        head_hidden=256,
    ),
}


def model_preset(name: str) -> ModelConfig:
    """The preset of that name."""
    if name in MODELS:
        return MODELS[name]
    if name == "deit-tiny":
        raise NotBuiltYetError("Model 'deit-tiny'")
    raise UserError(f"No model preset is named {name!r}; there are {', '.join(MODELS)}.")


@dataclass(frozen=True)
class BuildConfig:
    """One build of the accelerator: its array, its memories and its largest run-time sizes.

    A *word* of the on-chip memories is `rows` values, i.e. `banks` *sub-words* of `cols` values; one sub-word of
    int16 is one beat of the memory bus.
    """

    name: str
    rows: int = 32  # inputs of the array's tile = lanes of a word
    cols: int = 8  # outputs of the tile = queries held by attention = lanes of the epilogue
    norm_lanes: int = 8  # channels that a step of LayerNorm takes
    act_depth: int = 2048  # words of `act`
    key_depth: int = 1024  # words of `keys`: k and v
    residual_depth: int = 512  # words of `residual` and of `accum`
    max_tokens: int = 160
    max_experts: int = 16
    max_top_k: int = 4
    max_k_tiles: int = 32  # inputs of a linear layer <= 32 * rows
    max_n_tiles: int = 128  # outputs of a linear layer <= 128 * cols
    max_descriptors: int = 1024  # of a layer program
    feeds_depth: int = 1024  # the prefetch: feeds of weights between `fetch` and `compute`
    beats_depth: int = 64  # beats of the image between `fetch` and `compute`
    command_depth: int = 16
    store_depth: int = 64  # beats between `compute` and `store`
    ultra_ram: bool = False  # the part has UltraRAM: `residual` and the scores go there
    few_slices: bool = False  # the array leaves few DSP slices: small products of LayerNorm and GELU are LUTs
    bus_bits: int = 128
    weight_bus_bits: int = 32  # of each of the WEIGHT_PORTS masters that together read a feed of weights
    clock_mhz: float = 200.0  # of the programmable logic; assumed, for figures in seconds
    schedule_mhz: float = (
        200.0  # what the compiler schedules for; above clock_mhz, it leaves a margin for routing
    )

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            if field.type == "int":
                _at_least(self.name, field.name, getattr(self, field.name), 1, "Board")
        checks = [
            ("cols", self.cols in (4, 8, 16, 32), "4, 8, 16 or 32, since a descriptor is whole beats"),
            (
                "rows",
                self.rows % self.cols == 0 and self.banks in (2, 4, 8),
                "cols times 2, 4 or 8, since a word is whole sub-words",
            ),
            (
                "norm_lanes",
                self.norm_lanes in (self.cols << i for i in range(self.banks.bit_length())),
                "cols times a power of two, at most rows, since a step takes whole sub-words",
            ),
            ("bus_bits", self.bus_bits == 16 * self.cols, "16 * cols, since a beat is one sub-word"),
            (
                "weight_bus_bits",
                self.weight_bus_bits in (32, 64, 128)
                and self.bus_bits
                <= self.feed_bits
                <= min(8 * self.rows, 64 * self.norm_lanes, 64 * self.cols),
                f"32, 64 or 128; {WEIGHT_PORTS} times it at least bus_bits, at most a column of int8 weights and the "
                "records of norm_lanes and of cols channels",
            ),
            (
                "weight_bus_bits",
                8 * self.macs <= 48 * self.feed_bits,
                "so wide that a tile of int8 weights is 48 feeds, the shortest block of attention, or fewer",
            ),
            ("max_experts", self.max_experts % self.cols == 0, "a multiple of cols"),
            ("max_experts", self.max_experts <= 32, "at most 32"),
            ("max_top_k", self.max_top_k <= CHOICE_SLOTS, f"at most {CHOICE_SLOTS}, the slots of a `choice`"),
            ("max_tokens", self.max_tokens <= 257, "at most 257, the keys for which widths are derived"),
            ("act_depth", self.act_depth < 1 << 16, "below 2^16, the descriptor's address field"),
            ("key_depth", self.key_depth < 1 << 16, "below 2^16, the descriptor's address field"),
            (
                "key_depth",
                self.key_depth & (self.key_depth - 1) == 0 and self.key_depth >= self.rows,
                "a power of two, at least rows",
            ),
            ("residual_depth", self.residual_depth < 1 << 16, "below 2^16, the descriptor's address field"),
            ("max_k_tiles", self.linear_bits <= self.acc_bits, "so small that sums fit the accumulator"),
            (
                "norm_lanes",
                self.rows * self.max_k_tiles < 256 * self.norm_lanes,
                "so many that LayerNorm takes a token's rows * max_k_tiles channels in fewer than 256 steps",
            ),
        ]
        for field_name, holds, rule in checks:
            if not holds:
                raise UserError(
                    f"Board {self.name!r}: {field_name} {getattr(self, field_name)} must be {rule}."
                )

    @property
    def macs(self) -> int:
        """Multiply-accumulates per cycle."""
        return self.rows * self.cols

    @property
    def banks(self) -> int:
        """Sub-words of a word."""
        return self.rows // self.cols

    @property
    def beat_bytes(self) -> int:
        """Bytes of a beat of the memory bus."""
        return self.bus_bits // 8

    @property
    def feed_bits(self) -> int:
        """Bits of a feed: what a step takes of the weights region, a word of each of its masters."""
        return WEIGHT_PORTS * self.weight_bus_bits

    @property
    def feed_bytes(self) -> int:
        """Bytes of a feed."""
        return self.feed_bits // 8

    @property
    def record_beats(self) -> int:
        """Beats of a column tile's channel records, of 64 bits each."""
        return 64 * self.cols // self.bus_bits

    @property
    def choice_bits(self) -> int:
        """Bits of a token's `choice`, of 32 each slot."""
        return 32 * CHOICE_SLOTS

    @property
    def choice_beats(self) -> int:
        """Beats of a token's `choice`."""
        return -(-self.choice_bits // self.bus_bits)

    def word_beats(self, bits: int) -> int:
        """Beats of a word whose values have so many bits."""
        return self.rows * bits // self.bus_bits

    def tile_beats(self, weight_bits: int) -> int:
        """Beats of the weights of a tile."""
        return self.cols * self.word_beats(weight_bits)

    def planes(self, channels: int) -> int:
        """Planes of `rows` lanes that hold so many channels."""
        return -(-channels // self.rows)

    @property
    def acc_bits(self) -> int:
        """Accumulator width: what a DSP48 adds up."""
        return 48

    @property
    def linear_bits(self) -> int:
        """Bits of the largest linear sum: operands + log2 of the terms + sign + one for the bias."""
        return 16 + 16 + _log2_ceil(self.max_k_tiles * self.rows) + 2

    @property
    def context_bits(self) -> int:
        """Bits of a sum of e * v over all keys."""
        from edgemoe import numerics

        return numerics.EXP_BITS + 16 + _log2_ceil(self.max_tokens)

    @property
    def sum_bits(self) -> int:
        """Bits (unsigned) of the sum of e over all keys."""
        from edgemoe import numerics

        return numerics.EXP_BITS + _log2_ceil(self.max_tokens)

    @property
    def score_depth(self) -> int:
        """Words of a head's scores: for each tile of `rows` keys one a query."""
        return self.max_tokens * -(-self.max_tokens // self.rows)

    @property
    def max_dim(self) -> int:
        """The largest LayerNorm."""
        from edgemoe import numerics

        return min(numerics.NORM_DIM_MAX, self.rows * self.max_k_tiles)

    def to_dict(self) -> dict[str, Any]:
        """Plain data for reports."""
        return dataclasses.asdict(self)


# zcu102 is for the paper's model: a prefetch of a whole expert of `tiny`, 257 tokens, four ports of 128 bits;
# zcu102-max is the same with twice the columns, as many as the part's multipliers allow. zcu104 has less block RAM, and
# UltraRAM: its `act` has 4,096 words, as an UltraRAM does, and its prefetch as many with the few that a FIFO adds. So
# have kv260's, which has room for half of the columns, and for `tiny`, but not for 197 tokens of its width. pynq-z2 has
# an array of 32 x 4, so heads of up to 32, and memories for `nano` and a little more. The boards' clocks are ones that
# their PLLs divide down to without a rest; no tool has confirmed them.
BOARDS = {
    build.name: build
    for build in (
        BuildConfig("sim-small"),
        BuildConfig(
            "zcu102",
            rows=64,
            cols=16,
            norm_lanes=32,
            act_depth=4096,
            key_depth=2048,
            residual_depth=784,
            max_tokens=257,
            max_k_tiles=16,
            feeds_depth=2560,
            bus_bits=256,
            weight_bus_bits=128,
            clock_mhz=300.0,
            schedule_mhz=300.0,
        ),
        BuildConfig(
            "zcu102-max",
            rows=64,
            cols=32,
            norm_lanes=32,
            act_depth=4096,
            key_depth=2048,
            residual_depth=784,
            max_tokens=257,
            max_experts=32,
            max_k_tiles=16,
            max_n_tiles=64,
            feeds_depth=2560,
            few_slices=True,
            bus_bits=512,
            weight_bus_bits=128,
            clock_mhz=300.0,
            schedule_mhz=300.0,
        ),
        BuildConfig(
            "zcu104",
            rows=64,
            cols=16,
            norm_lanes=32,
            act_depth=4096,
            key_depth=2048,
            residual_depth=784,
            max_tokens=257,
            max_k_tiles=16,
            feeds_depth=4092,
            ultra_ram=True,
            bus_bits=256,
            weight_bus_bits=128,
            clock_mhz=300.0,
            schedule_mhz=300.0,
        ),
        BuildConfig(
            "kv260",
            rows=64,
            cols=8,
            norm_lanes=16,
            act_depth=4096,
            max_k_tiles=16,
            max_n_tiles=256,
            feeds_depth=4092,
            ultra_ram=True,
            bus_bits=128,
            weight_bus_bits=64,
            clock_mhz=300.0,
            schedule_mhz=300.0,
        ),
        BuildConfig(
            "pynq-z2",
            cols=4,
            norm_lanes=4,
            act_depth=1536,
            max_experts=8,
            max_k_tiles=16,
            feeds_depth=508,
            beats_depth=28,
            bus_bits=64,
            clock_mhz=100.0,
            schedule_mhz=125.0,
        ),
    )
}


def board(name: str) -> BuildConfig:
    """The build of that name."""
    if name in BOARDS:
        return BOARDS[name]
    raise UserError(f"No board is named {name!r}; built is {', '.join(BOARDS)}.")


def config_hpp(build: BuildConfig) -> str:
    """The C++ header of a build: its sizes, derived widths and the function tables, as constexpr."""
    from edgemoe import numerics

    lines = [
        "// SPDX-License-Identifier: Apache-2.0",
        f"// Sizes of board {build.name} and the function tables. Generated by edgemoe.config; do not edit.",
        "#pragma once",
        "",
        "namespace edgemoe {",
        "",
    ]
    for field in dataclasses.fields(build):
        if field.type == "int":
            lines.append(f"constexpr int {_camel(field.name)} = {getattr(build, field.name)};")
        elif field.type == "bool":
            value = "true" if getattr(build, field.name) else "false"
            lines.append(f"constexpr bool {_camel(field.name)} = {value};")
    lines.append("")
    derived = (
        "macs",
        "banks",
        "beat_bytes",
        "feed_bits",
        "record_beats",
        "choice_bits",
        "choice_beats",
        "acc_bits",
        "linear_bits",
        "context_bits",
        "sum_bits",
        "score_depth",
        "max_dim",
    )
    lines += [f"constexpr int {_camel(name)} = {getattr(build, name)};" for name in derived]
    lines.append("")
    formats = (
        "act_bits",
        "residual_bits",
        "bias_bits",
        "multiplier_bits",
        "shift_max",
        "context_shift_max",
        "eps_min",
        "eps_bits",
        "score_bits",
        "score_fraction",
        "score_unit",
        "exp_bits",
        "hidden_bits",
        "hidden_fraction",
        "expert_bits",
        "expert_fraction",
        "norm_fraction",
        "norm_dim_bits",
        "norm_sum_bits",
        "norm_squares_bits",
        "norm_spread_bits",
        "norm_drop",
        "norm_centred_bits",
        "exp2_steps",
        "rsqrt_steps",
        "gelu_steps",
    )
    lines += [f"constexpr int {_camel(name)} = {getattr(numerics, name.upper())};" for name in formats]
    lines += [
        "",
        'static_assert(kLinearBits <= kAccBits, "a linear layer\'s sums must fit the accumulator");',
        'static_assert(kContextBits <= kAccBits, "attention\'s sums must fit the accumulator");',
        "",
    ]
    lines += _table("unsigned short", "kExp2Table", "[kExp2Steps + 1]", list(numerics.EXP2_TABLE))
    for p in range(2):
        name = ("kRsqrtEvenTable", "kRsqrtOddTable")[p]
        lines += _table("unsigned int", name, "[kRsqrtSteps + 1]", list(numerics.RSQRT_TABLE[p]))
    lines += _table("unsigned short", "kGeluTable", "[kGeluSteps + 2]", list(numerics.GELU_TABLE))
    return "\n".join([*lines, "}  // namespace edgemoe", ""])


def write_config_hpp(build: BuildConfig, path: Path) -> None:
    """Writes `config_hpp(build)` to `path`, only if it differs, so that builds keyed on time stay warm."""
    write_if_changed(path, config_hpp(build))


def write_if_changed(path: Path, text: str) -> None:
    """Writes a generated file and its folders, so that compilers never see half of it; leaves an equal file alone."""
    content = text.encode()
    if path.is_file() and path.read_bytes() == content:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_dir() and not path.is_symlink():  # nothing that this project put there
        raise UserError(f"There is a folder in the place of the generated file {path}. Remove it.")
    fresh = path.with_name(f".{path.name}-{os.getpid()}")
    try:
        fresh.write_bytes(content)
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)


def _table(kind: str, name: str, size: str, values: list[int]) -> list[str]:
    rows = [", ".join(str(v) for v in values[i : i + 12]) for i in range(0, len(values), 12)]
    return [f"constexpr {kind} {name}{size} = {{", *(f"    {row}," for row in rows), "};", ""]


def _camel(name: str) -> str:
    return "k" + "".join(part.capitalize() for part in name.split("_"))
