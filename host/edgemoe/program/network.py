# SPDX-License-Identifier: Apache-2.0
"""A package's layer program for one task: one descriptor an operation, taps after each on request."""

from __future__ import annotations

from edgemoe.config import HEAD_RULE, BuildConfig
from edgemoe.errors import UserError
from edgemoe.package import Package
from edgemoe.program.contents import Program, StageInfo, Tap
from edgemoe.program.fits import layout
from edgemoe.program.packing import Weights
from edgemoe.registers import (
    DESCRIPTOR_BYTES,
    Descriptor,
    Epilogue,
    Format,
    Opcode,
    Region,
    Rule,
    Space,
    pack_program,
    store_beats,
)


def build_program(
    package: Package, build: BuildConfig, task: str, weights: Weights, *, taps: bool = False
) -> Program:
    """The layer program of a task.

    taps: store every stage's tensor.
    """
    if task not in package.config.tasks:
        raise UserError(
            f"Model {package.config.name!r} has no task {task!r}; it has {', '.join(package.config.tasks)}."
        )
    return _Builder(package, build, task, weights, taps).program()


class _Builder:
    """Collects descriptors in the order of the network. One method an idea."""

    def __init__(self, package: Package, build: BuildConfig, task: str, weights: Weights, taps: bool) -> None:
        self.package, self.config, self.build, self.task = package, package.config, build, task
        self.weights, self.with_taps = weights, taps
        self.map = layout(self.config, build)
        self.tokens = self.config.tokens
        self.dim_planes = self.build.planes(self.config.dim)
        self.descriptors: list[Descriptor] = []
        self.stages: list[StageInfo] = []
        self.taps: dict[str, Tap] = {}
        self.output_bytes = 0
        self.records = 0
        self.layer: int | None = None
        self.part = "backbone"

    def program(self) -> Program:
        """The whole network."""
        self.embedding()
        for layer in range(self.config.layers):
            self.layer = layer
            self.attention(f"blocks.{layer}")
            if self.config.is_moe(layer):
                self.mixture(f"blocks.{layer}")
            else:
                self.mlp(layer)
        self.layer = None
        self.store("features", Space.RESIDUAL, 0, self.tokens, self.config.dim)
        self.part = "head"
        heads = {"pixels": self.pixels_head, "classes": self.classes_head, "none": self.no_head}
        head_offset = heads[self.config.head](f"heads.{self.task}")
        self.part = "backbone"
        self.add("end", 0, opcode=Opcode.END)
        return Program(
            self.config,
            self.build,
            self.task,
            pack_program(self.descriptors),
            self.stages,
            self.taps,
            self.output_bytes,
            max(self.records, 1) * DESCRIPTOR_BYTES,
            head_offset,
        )

    def embedding(self) -> None:
        """Positions and the prefix's tokens into the residual, the patches' linear layer onto the rows behind them."""
        patches, inputs = self.config.patches, self.config.patch_inputs
        self.add(
            "pixels",
            opcode=Opcode.LOAD,
            region=Region.IMAGE,
            format=Format.U8,
            space=Space.ACT,
            size=self.build.planes(inputs) * patches,
        )
        self.tap("pixels", Space.ACT, 0, patches, inputs)
        self.add(
            "pos_embed",
            opcode=Opcode.LOAD,
            region=Region.WEIGHTS,
            format=Format.I32,
            space=Space.RESIDUAL,
            size=self.dim_planes * self.tokens,
            offset=self.weights.offset["pos_embed"],
        )
        self.linear(
            "patch_embed",
            inputs,
            self.config.dim,
            Epilogue.RESIDUAL,
            tokens=patches,
            src_stride=patches,
            dst_base=len(self.config.prefix),
        )
        self.tap("patch_embed", Space.RESIDUAL, 0, self.tokens, self.config.dim)

    def attention(self, block: str) -> None:
        """norm1, q, k, v, if tokens choose heads their router, attention, projection."""
        config, lanes = self.config, self.config.heads * self.build.rows
        self.norm(f"{block}.norm1")
        places = {"q": (Space.ACT, self.map.q), "k": (Space.KEYS, self.map.k), "v": (Space.KEYS, self.map.v)}
        for name, (space, base) in places.items():
            stage = f"{block}.attn.{name}"
            self.linear(
                stage, config.dim, config.dim, Epilogue.REQUANT, outputs=lanes, space=space, dst_base=base
            )
            self.tap(stage, space, base, self.tokens, lanes)
        if config.top_heads:
            self.gate(f"{block}.attn.router", config.heads, config.top_heads, HEAD_RULE, 0.0)
        stage = f"{block}.attn.context"
        integer = self.package.integer
        self.add(
            stage,
            2 * self.tokens * self.tokens * config.head_dim * (config.top_heads or config.heads),
            opcode=Opcode.ATTENTION,
            tokens=self.tokens,
            heads=config.heads,
            group=config.top_heads,
            key_base=self.map.k,
            key_stride=self.tokens,
            src_base=self.map.q,
            src_stride=self.tokens,
            aux_base=self.map.v,
            aux_stride=self.tokens,
            dst_base=self.map.norm,
            dst_stride=self.tokens,
            mult0=integer(f"{block}.attn.score.m"),
            shift0=integer(f"{block}.attn.score.s"),
            mult1=integer(f"{block}.attn.context.m"),
            shift1=integer(f"{block}.attn.context.s"),
        )
        self.tap(stage, Space.ACT, self.map.norm, self.tokens, lanes)
        self.linear(f"{block}.attn.proj", config.dim, config.dim, Epilogue.RESIDUAL, inputs=lanes)
        self.tap(f"{block}.attn.proj", Space.RESIDUAL, 0, self.tokens, config.dim)
        self.norm(f"{block}.norm2")

    def gate(self, name: str, choices: int, chosen: int, rule: str, threshold: float) -> None:
        """Of each token the best of so many experts or heads: logits, then queues."""
        weights = f"{name}.{self.task}"
        self.linear(weights, self.config.dim, choices, Epilogue.RAW, name=f"{name}.logits")
        rules = {"softmax_all": Rule.SOFTMAX_ALL, "softmax_topk": Rule.SOFTMAX_TOPK}
        self.add(
            name,
            opcode=Opcode.GATE,
            tokens=self.tokens,
            heads=choices,
            group=chosen,
            mult0=self.package.integer(f"{weights}.m"),
            shift0=self.package.integer(f"{weights}.s"),
            rule=rules[rule],
            threshold=int(threshold * 65536 + 0.5),
        )
        self.tap(name, Space.CHOICE, 0, self.tokens, self.build.rows)

    def mlp(self, layer: int) -> None:
        """The dense feed-forward layer."""
        block, hidden = f"blocks.{layer}", self.config.mlp_hidden(layer)
        stage = f"{block}.mlp.fc1"
        self.hidden(stage, f"{block}.mlp.act", hidden, self.tokens)
        self.linear(f"{block}.mlp.fc2", hidden, self.config.dim, Epilogue.RESIDUAL, src_base=self.map.hidden)
        self.tap(f"{block}.mlp.fc2", Space.RESIDUAL, 0, self.tokens, self.config.dim)

    def mixture(self, block: str) -> None:
        """Gate, experts one by one, sum onto the residual."""
        config, integer, experts = self.config, self.package.integer, f"{block}.moe.experts"
        self.gate(f"{block}.moe.gate", config.experts, config.top_k, config.score_rule, config.threshold)
        self.add(
            experts,
            2 * config.dim * config.expert_hidden,
            opcode=Opcode.EXPERTS,
            tokens=self.tokens,
            heads=config.experts,
            k_tiles=self.dim_planes,
            n_tiles=self.build.banks * self.build.planes(config.expert_hidden),
            weight_bits=self.weights.bits[experts],
            offset=self.weights.offset[experts],
            size=self.weights.stride[experts],
            src_base=self.map.norm,
            src_stride=self.tokens,
            aux_base=self.map.hidden,
            aux_stride=self.tokens,
            dst_base=0,
            dst_stride=self.tokens,
            mult0=integer(f"{experts}.act.m"),
            shift0=integer(f"{experts}.act.s"),
        )
        self.tap(experts, Space.ACCUM, 0, self.tokens, config.dim)
        self.add(
            f"{block}.moe.combine",
            opcode=Opcode.COMBINE,
            tokens=self.tokens,
            k_tiles=self.dim_planes,
            dst_base=0,
            dst_stride=self.tokens,
        )
        self.tap(f"{block}.moe.combine", Space.RESIDUAL, 0, self.tokens, config.dim)

    def no_head(self, head: str) -> int:
        """The features are all there is; returns where nothing begins."""
        return self.output_bytes

    def pixels_head(self, head: str) -> int:
        """A head on the patches' tokens; returns where its outputs lie in the output region."""
        config, patches = self.config, self.config.patches
        self.norm(f"{head}.norm", first=len(config.prefix), tokens=patches)
        self.hidden(f"{head}.fc1", f"{head}.act", config.head_hidden, patches)
        return self.head_outputs(f"{head}.fc2", config.head_hidden, patches, src_base=self.map.hidden)

    def classes_head(self, head: str) -> int:
        """LayerNorm and a linear layer on what the pool sees; returns where the scores lie in the output region."""
        config = self.config
        if config.pool == "mean":
            return self.mean_head(head)
        # Both tokens as one input: a plane of the first, the same plane of the second, and so on.
        tokens = 2 if config.pool == "distilled" else 1
        self.norm(f"{head}.norm", tokens=tokens)
        inputs = tokens * self.dim_planes * self.build.rows
        return self.head_outputs(f"{head}.fc", config.pooled, 1, src_base=self.map.norm, inputs=inputs)

    def mean_head(self, head: str) -> int:
        """The mean over the patches' tokens is attention whose scores are all zero.

        Each value is copied into `keys` as it is; of the context, which is the same in each row, the first is taken.
        """
        config, integer, patches = self.config, self.package.integer, self.config.patches
        self.norm(f"{head}.norm", first=len(config.prefix), tokens=patches)
        self.linear(
            f"{head}.copy",
            config.dim,
            config.dim,
            Epilogue.REQUANT,
            tokens=patches,
            src_stride=patches,
            space=Space.KEYS,
            dst_base=self.map.v,
            dst_stride=patches,
        )
        self.add(
            f"{head}.pool",
            patches * config.dim,
            opcode=Opcode.ATTENTION,
            tokens=patches,
            heads=self.dim_planes,
            key_base=self.map.k,
            key_stride=patches,
            src_base=self.map.norm,
            src_stride=patches,
            aux_base=self.map.v,
            aux_stride=patches,
            dst_base=self.map.q,
            dst_stride=patches,
            mult0=0,
            shift0=1,
            mult1=integer(f"{head}.pool.m"),
            shift1=integer(f"{head}.pool.s"),
        )
        self.tap(f"{head}.pool", Space.ACT, self.map.q, patches, config.dim)
        return self.head_outputs(f"{head}.fc", config.dim, 1, src_base=self.map.q, src_stride=patches)

    def head_outputs(
        self, weights: str, width: int, tokens: int, *, src_base: int, src_stride: int = 0, inputs: int = 0
    ) -> int:
        """The last linear layer, into the output region; returns where."""
        outputs, offset = self.config.head_outputs(self.task), self.output_bytes
        self.output_bytes += -(-outputs // self.build.cols) * tokens * self.build.beat_bytes
        self.linear(
            weights,
            width,
            outputs,
            Epilogue.DRAM,
            inputs=inputs,
            outputs=outputs,
            tokens=tokens,
            src_base=src_base,
            src_stride=src_stride or tokens,
            size=offset,
        )
        return offset

    def hidden(self, stage: str, act: str, hidden: int, tokens: int) -> None:
        """fc1 with GELU into the hidden layer's place."""
        self.linear(
            stage,
            self.config.dim,
            hidden,
            Epilogue.GELU,
            tokens=tokens,
            src_stride=tokens,
            dst_base=self.map.hidden,
            dst_stride=tokens,
            mult0=self.package.integer(f"{act}.m"),
            shift0=self.package.integer(f"{act}.s"),
        )
        self.tap(stage, Space.ACT, self.map.hidden, tokens, hidden)

    def norm(self, stage: str, first: int = 0, tokens: int = 0) -> None:
        """LayerNorm of the residual's rows from `first` on, into the norm's place."""
        tokens = tokens or self.tokens
        self.add(
            stage,
            opcode=Opcode.LAYERNORM,
            tokens=tokens,
            k_tiles=self.dim_planes,
            src_base=first,
            src_stride=self.tokens,
            dst_base=self.map.norm,
            dst_stride=tokens,
            offset=self.weights.offset[stage],
            eps=self.package.integer(f"{stage}.eps"),
            dim=self.config.dim,
        )
        self.tap(stage, Space.ACT, self.map.norm, tokens, self.config.dim)

    def linear(
        self,
        weights: str,
        real_inputs: int,
        real_outputs: int,
        epilogue: Epilogue,
        *,
        name: str = "",
        inputs: int = 0,
        outputs: int = 0,
        **fields: int,
    ) -> None:
        """A linear layer; `real_*` are the network's sizes, `inputs` and `outputs` those with padded
        heads.
        """
        inputs = inputs or real_inputs
        padded = epilogue not in (Epilogue.RAW, Epilogue.DRAM)
        outputs = outputs or real_outputs
        n_tiles = self.build.banks * self.build.planes(outputs) if padded else -(-outputs // self.build.cols)
        tokens = fields.pop("tokens", self.tokens)
        values = {
            "src_base": self.map.norm,
            "src_stride": self.tokens,
            "dst_base": 0,
            "dst_stride": self.tokens,
            **fields,
        }
        self.add(
            name or weights,
            tokens * real_inputs * real_outputs,
            opcode=Opcode.LINEAR,
            epilogue=epilogue,
            tokens=tokens,
            k_tiles=self.build.planes(inputs),
            n_tiles=n_tiles,
            weight_bits=self.weights.bits[weights],
            offset=self.weights.offset[weights],
            **values,
        )

    def store(self, name: str, space: Space, base: int, tokens: int, channels: int) -> None:
        """A STORE of a whole tensor, remembered under its name."""
        words = tokens if space == Space.CHOICE else self.build.planes(channels) * tokens
        beats = store_beats(self.build, space)
        self.taps[name] = Tap(self.build, name, space, self.output_bytes, tokens, channels)
        self.add(name, opcode=Opcode.STORE, space=space, src_base=base, size=words, offset=self.output_bytes)
        self.output_bytes += words * beats * self.build.beat_bytes

    def tap(self, name: str, space: Space, base: int, tokens: int, channels: int) -> None:
        """A STORE that is there only when taps were asked for."""
        if self.with_taps:
            part, self.part = self.part, "tap"
            self.store(name, space, base, tokens, channels)
            self.part = part

    def add(self, name: str, macs: int = 0, **fields: int) -> None:
        """One descriptor; its stage id is its index."""
        descriptor = Descriptor(stage=len(self.stages), **fields)
        self.stages.append(StageInfo(name, self.layer, self.part, macs))
        self.descriptors.append(descriptor)
        if descriptor.opcode != Opcode.END:
            self.records += 1 + (descriptor.heads if descriptor.opcode == Opcode.EXPERTS else 0)
