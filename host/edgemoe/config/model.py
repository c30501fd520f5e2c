# SPDX-License-Identifier: Apache-2.0
"""What a network is: its sizes, its tokens, its layers and its heads."""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass
from typing import Any

from edgemoe.config.limits import (
    CLASSES_MOST,
    DEPTH_MOST,
    LABELS_MOST,
    LARGEST,
    LAYERS_MOST,
    NAME_MOST,
    TASKS_MOST,
    WEIGHTS_MOST,
    at_least,
    one_of,
)
from edgemoe.errors import UserError, shown

CITYSCAPES_GROUPS = ("flat", "construction", "object", "nature", "sky", "human", "vehicle")
GATES = ("multi", "task_embedding", "biased")
SCORE_RULES = ("softmax_all", "softmax_topk")
HEAD_RULE = SCORE_RULES[1]
"""Of the heads that a token chooses: their scores add up to 1."""
TASKS = ("segmentation", "depth")
"""Tasks of a model whose head is "pixels"."""
CLASSIFICATION = ("classification",)
"""That of a model whose head is "classes"."""
HEADS = ("pixels", "classes", "none")
POOLS = ("class", "distilled", "mean")
TOKENS = ("class", "distillation", "register")
RESIZES = ("stretch", "crop")
EXPERT_WEIGHTS = ("any", "power_of_two")
TASK_NAME = r"[a-z][a-z0-9_]{0,39}"
NEWER = (
    "tasks",
    "head",
    "pool",
    "prefix",
    "moe_layers",
    "resize",
    "resize_short",
    "expert_weights",
    "top_heads",
    "hidden_of",
)
"""Fields that a package of version 2 may lack."""
NO_TASKS = ("both", "shared")
"""Names that mean something else: all tasks, and the gate of all tasks."""


@dataclass(frozen=True)
class ModelConfig:
    """One network. Sizes are H x W; the tokens of `prefix` come first, patches follow row by row.

    head: what its outputs are. "pixels": of each patch's token the labels ("segmentation") and metres ("depth") of its
    pixels; the tasks are one of these or both. "classes": one vector of scores for the image, of one task. "none": the
    last layer's tokens, of tasks with any name. pool: what a head of classes sees of the tokens after its LayerNorm:
    the class token, that and the distillation token, or the mean of the patches. resize: how an image gets the model's
    size: stretched to it, or with its shorter side brought to `resize_short` and the middle cut out.
    """

    name: str
    height: int
    width: int
    patch: int
    dim: int
    heads: int
    layers: int
    dense_hidden: int
    experts: int  # 0 = a dense model
    expert_hidden: int
    top_k: int
    head_hidden: int  # hidden width of the heads of pixels; 0 without
    gate: str = "multi"  # a gate per task; "biased": with a bias; "task_embedding": one, told the task by an embedding
    score_rule: str = "softmax_all"  # or "softmax_topk"
    threshold: float = 0.0  # experts with a score below it are dropped
    classes: tuple[str, ...] = CITYSCAPES_GROUPS
    depth_range: tuple[float, float] = (1.0, 80.0)  # metres, nearest and farthest
    eps: float = 1e-6  # of every LayerNorm
    tasks: tuple[str, ...] = TASKS
    head: str = "pixels"
    pool: str = "class"
    prefix: tuple[str, ...] = ("class",)
    moe_layers: tuple[int, ...] = ()  # layers with experts; none named: the odd ones
    resize: str = "stretch"
    resize_short: int = 0
    expert_weights: str = "any"  # or "power_of_two", times their row's scale (`edgemoe.powers`)
    hidden_of: tuple[int, ...] = ()  # of each layer without experts; 0, or none named: dense_hidden
    top_heads: int = 0  # heads that each token takes, of its router's choice; 0: all, without a router

    def __post_init__(self) -> None:
        for name in (self.name, *self.classes):
            if not (name and name.isprintable() and len(name) <= NAME_MOST):
                raise UserError(
                    f"A model's or a class's name must be 1 to {NAME_MOST} printable characters, not {shown(name)}."
                )
        for field in ("height", "width", "patch", "dim", "heads", "layers", "dense_hidden"):
            self._in_range(field, 1, LARGEST)
        self._in_range("layers", 1, LAYERS_MOST)
        for field in ("experts", "expert_hidden", "top_k", "head_hidden", "resize_short"):
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
        one_of(self.name, "gate", self.gate, GATES)
        one_of(self.name, "score_rule", self.score_rule, SCORE_RULES)
        if not 0 <= self.threshold <= 1:
            raise UserError(
                f"Model {self.name!r}: threshold {shown(self.threshold)} must lie in 0..1, as a score does."
            )
        one_of(self.name, "head", self.head, HEADS)
        one_of(self.name, "pool", self.pool, POOLS)
        one_of(self.name, "resize", self.resize, RESIZES)
        one_of(self.name, "expert_weights", self.expert_weights, EXPERT_WEIGHTS)
        self._check_tokens()
        self._check_head()
        if any(not 0 <= layer < self.layers for layer in self.moe_layers) or len(set(self.moe_layers)) < len(
            self.moe_layers
        ):
            raise UserError(
                f"Model {self.name!r}: moe_layers {shown(list(self.moe_layers))} must be different layers of "
                f"0..{self.layers - 1}."
            )
        if self.moe_layers and not self.experts:
            raise UserError(f"Model {self.name!r}: moe_layers names layers with experts, but experts is 0.")
        if not 0 <= self.top_heads < self.heads:
            raise UserError(
                f"Model {self.name!r}: top_heads {shown(self.top_heads)} must lie in 0..{self.heads - 1}: each token "
                f"takes so many of the {self.heads} heads, or with 0 all."
            )
        if self.expert_weights != "any" and not self.experts:
            raise UserError(
                f"Model {self.name!r}: expert_weights is {self.expert_weights!r}, but experts is 0."
            )
        self._check_hidden()
        if self.resize == "crop" and self.head == "pixels":
            raise UserError(
                f"Model {self.name!r}: resize 'crop' leaves parts of the image out, head 'pixels' answers all of it."
            )
        if self.resize == "crop" and self.resize_short < max(self.height, self.width):
            raise UserError(
                f"Model {self.name!r}: resize_short {self.resize_short} must be at least the {self.height} x "
                f"{self.width} that are cut out of it."
            )
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

    def _check_hidden(self) -> None:
        """Widths of the layers' own, if there are some."""
        if self.hidden_of and len(self.hidden_of) != self.layers:
            raise UserError(
                f"Model {self.name!r}: hidden_of has {len(self.hidden_of)} widths; give one for each of the "
                f"{self.layers} layers, 0 for dense_hidden."
            )
        for layer, width in enumerate(self.hidden_of):
            if not 0 <= width <= LARGEST:
                raise UserError(
                    f"Model {self.name!r}: hidden_of {shown(width)} of layer {layer} must lie in 0..{LARGEST}."
                )
            if width and self.is_moe(layer):
                raise UserError(
                    f"Model {self.name!r}: hidden_of gives layer {layer} a width of {width}, but it has experts; "
                    "theirs is expert_hidden."
                )

    def _check_tokens(self) -> None:
        """The tokens before those of the patches: each kind but registers once, and in this order."""
        order = [TOKENS.index(token) if token in TOKENS else -1 for token in self.prefix]
        again = len([token for token in self.prefix if token != "register"]) > len(
            {token for token in self.prefix if token != "register"}
        )
        if -1 in order or order != sorted(order) or again or len(order) > LARGEST:
            raise UserError(
                f"Model {self.name!r}: prefix {shown(list(self.prefix))} must be class, distillation and registers in "
                "this order, each but a register at most once."
            )
        needed = {"class": {"class"}, "distilled": {"class", "distillation"}, "mean": set()}[self.pool]
        if self.head == "classes" and (missing := sorted(needed - set(self.prefix))):
            raise UserError(
                f"Model {self.name!r}: pool {self.pool!r} needs a {missing[0]} token, and prefix has none."
            )

    def _check_head(self) -> None:
        """Tasks and classes against what the head gives."""
        if not 1 <= len(self.tasks) <= TASKS_MOST or len(set(self.tasks)) < len(self.tasks):
            raise UserError(f"Model {self.name!r}: tasks must be 1 to {TASKS_MOST}, all different.")
        for task in self.tasks:
            if not re.fullmatch(TASK_NAME, task) or task in NO_TASKS:
                raise UserError(
                    f"Model {self.name!r}: the name of task {shown(task)} must be 1 to 40 small letters, digits and "
                    f"underscores, beginning with a letter, and not {' or '.join(NO_TASKS)}."
                )
        if self.head == "pixels":
            self._in_range("head_hidden", 1, LARGEST)
            if not set(self.tasks) <= set(TASKS):
                raise UserError(
                    f"Model {self.name!r}: with head 'pixels' the tasks are of {', '.join(TASKS)}, not "
                    f"{shown(list(self.tasks))}."
                )
        if self.head == "classes" and self.tasks != CLASSIFICATION:
            raise UserError(
                f"Model {self.name!r}: with head 'classes' there is one task, {CLASSIFICATION[0]}, not "
                f"{shown(list(self.tasks))}."
            )
        most = LABELS_MOST if self.head == "pixels" else CLASSES_MOST
        if not self.classes and self.head != "none":
            raise UserError(f"Model {self.name!r}: classes is empty; name at least one.")
        if len(self.classes) > most or len(set(self.classes)) < len(self.classes):
            raise UserError(f"Model {self.name!r}: classes must be at most {most}, all different.")

    def _in_range(self, field: str, low: int, high: int) -> None:
        value = getattr(self, field)
        at_least(self.name, field, value, low)
        if value > high:
            raise UserError(f"Model {self.name!r}: {field} {shown(value)} is above {high}.")

    @property
    def weights(self) -> int:
        """Values in the weights of all layers, biases and norms not counted."""
        moe = sum(self.is_moe(i) for i in range(self.layers)) if self.experts else 0
        expert = self.experts * (2 * self.expert_hidden + len(self.tasks))
        routers = self.heads * len(self.tasks) if self.top_heads else 0
        dense = sum(self.mlp_hidden(i) for i in range(self.layers) if not self.is_moe(i))
        layers = self.layers * (4 * self.dim + routers) + 2 * dense + moe * expert
        heads = sum(
            self.head_hidden * (self.dim + self.head_outputs(task))
            if self.head == "pixels"
            else self.head_outputs(task) * self.pooled
            for task in self.tasks
        )
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
        """Those of the prefix and the patches."""
        return len(self.prefix) + self.patches

    @property
    def prefix_tensors(self) -> dict[str, int]:
        """Name in a checkpoint -> tokens of each tensor that holds tokens of the prefix, in their order."""
        names = {"class": "cls_token", "distillation": "dist_token", "register": "reg_token"}
        return {names[kind]: self.prefix.count(kind) for kind in dict.fromkeys(self.prefix)}

    @property
    def pooled(self) -> int:
        """Channels that a head of classes sees."""
        return self.dim * (2 if self.pool == "distilled" else 1)

    @property
    def head_dim(self) -> int:
        return self.dim // self.heads

    @property
    def patch_inputs(self) -> int:
        """Values of one patch, in the order (channel, y, x)."""
        return 3 * self.patch * self.patch

    def is_moe(self, layer: int) -> bool:
        """Whether a layer has experts."""
        return self.experts > 0 and (layer in self.moe_layers if self.moe_layers else layer % 2 == 1)

    def mlp_hidden(self, layer: int) -> int:
        """Hidden units of a layer without experts."""
        return (self.hidden_of[layer] if self.hidden_of else 0) or self.dense_hidden

    @property
    def widest_mlp(self) -> int:
        """Of the layers without experts."""
        return max(
            (self.mlp_hidden(i) for i in range(self.layers) if not self.is_moe(i)), default=self.dense_hidden
        )

    def head_outputs(self, task: str) -> int:
        """Outputs of a task's head for one of its rows; of pixels output r is map r // patch^2, pixel r % patch^2."""
        if self.head == "pixels":
            return (len(self.classes) if task == "segmentation" else 1) * self.patch * self.patch
        return len(self.classes) if self.head == "classes" else 0

    @property
    def headed_tasks(self) -> tuple[str, ...]:
        """The tasks that have a head: all, or none."""
        return () if self.head == "none" else self.tasks

    @property
    def is_of_scenes(self) -> bool:
        """Whether it answers what rendered scenes have labels for: `TASKS`, pixel by pixel."""
        return self.head == "pixels" and self.tasks == TASKS

    @property
    def head_rows(self) -> int:
        """Rows of a head's outputs: one a patch, or one for the image."""
        return {"pixels": self.patches, "classes": 1, "none": 0}[self.head]

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON; fields that are newer than the format are there where they say something."""
        data = dataclasses.asdict(self)
        defaults = {field.name: field.default for field in dataclasses.fields(self)}
        return {name: value for name, value in data.items() if name not in NEWER or value != defaults[name]}

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
        for name in ("classes", "tasks", "prefix"):
            if not all(isinstance(value, str) for value in values.get(name, ())):
                raise UserError(f"The model's config field {name!r} must hold names.")
        if not all(type(value) is int for value in values.get("moe_layers", ())):
            raise UserError("The model's config field 'moe_layers' must hold numbers of layers.")
        if not all(type(value) is int for value in values.get("hidden_of", ())):
            raise UserError("The model's config field 'hidden_of' must hold numbers of hidden units.")
        return cls(**values)
