# SPDX-License-Identifier: Apache-2.0
"""Training on synthetic streets, on any device.

A pool of scenes is rendered once and kept on the device; every step draws a batch from it, mirrors half of it,
and runs both tasks. AdamW, cosine schedule with warm-up, and a running mean of the weights (EMA), which is what is
kept. All is float32, but that `mixed` computes the products of a step in bfloat16. A dense twin (`dense_twin`) has the
same layers with a dense MLP of equal compute instead of experts.
"""

from __future__ import annotations

import copy
import dataclasses
import io
import json
import math
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from math import prod
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor

from edgemoe.arrays import read_npz
from edgemoe.checkpoint import check_checkpoint_target, state_shapes
from edgemoe.config import TASKS, ModelConfig
from edgemoe.errors import UserError, shown
from edgemoe.files import check_target, parse_json, read_regular, write
from edgemoe.model.checkpoint import save_checkpoint
from edgemoe.model.classes import SKY
from edgemoe.model.heads import decode_depth, decode_segmentation, depth_metres
from edgemoe.model.losses import depth_loss, segmentation_loss
from edgemoe.model.m3vit import M3ViT
from edgemoe.model.metrics import Prior, Score
from edgemoe.model.prior import PriorCounter
from edgemoe.model.scenes import TRAINING, VALIDATION, batches
from edgemoe.powers import POWER_OF_TWO
from edgemoe.tensors import INDEX, SUFFIX

Log = Callable[[str], None]
Judge = Callable[[M3ViT], dict[str, Any]]


WARMUP_SHARE = 1 / 18  # of the schedule, at most
LOGGED = 18  # lines of history, at least, of a training of as many steps
JUDGED = 8  # times that a training's averaged weights are measured, the last at its end


@dataclass(frozen=True)
class TrainOptions:
    """How to train; the defaults are those of the shipped models, but for the time limit."""

    scenes: int = 60_000  # in the pool
    steps: int = 9_000
    batch: int = 256  # at most as many as there are scenes
    learning_rate: float = 4e-3
    weight_decay: float = 0.05
    warmup: int = 500  # steps, and at most WARMUP_SHARE of the schedule, however short that is
    ema: float = (
        0.999  # at most; less in the first steps, so that a short training is averaged over its end, too
    )
    balance: float = 0.01  # weight of the load-balancing loss
    seed: int = 0
    seconds: float = math.inf  # the schedule is run to its end within this time
    validation: int = 512  # scenes, at most as many as there are for training
    mixed: bool = False  # products of a step in bfloat16, its graph compiled: for a GPU

    def __post_init__(self) -> None:
        """UserError for a value that makes no training."""
        whole = {"scenes": len(TRAINING), "validation": len(VALIDATION), "steps": 1 << 31, "batch": 1 << 20}
        for name, most in whole.items():
            if not 1 <= getattr(self, name) <= most:
                raise UserError(f"{name} is {getattr(self, name)}; it must lie in 1..{most}.")
        if self.warmup < 0 or not 0 <= self.seed < 1 << 63:
            raise UserError(f"warmup is {self.warmup}, seed {self.seed}; neither may be negative.")
        if not self.seconds > 0:
            raise UserError(f"seconds is {self.seconds}; a time limit is positive.")
        if not 0 < self.learning_rate < math.inf or not 0 <= self.ema < 1:
            raise UserError(
                f"learning_rate is {self.learning_rate}, ema {self.ema}; they must be positive, and in 0..1."
            )
        for name in ("weight_decay", "balance"):
            if not 0 <= getattr(self, name) < math.inf:
                raise UserError(f"{name} is {getattr(self, name)}; it must be finite and not negative.")


class Pool:
    """Rendered scenes on one device: image uint8 (N,3,H,W), label uint8 (N,H,W), depth float16 (N,H,W)."""

    def __init__(self, seeds: range, config: ModelConfig, device: str, log: Log) -> None:
        self.seeds, self.device = seeds, device
        shape = (len(seeds), config.height, config.width)
        size = 6 * math.prod(shape)
        fits = not device.startswith("cpu") or size < os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        try:
            if not fits:
                raise MemoryError
            self.image = torch.empty(len(seeds), 3, *shape[1:], dtype=torch.uint8, device=device)
            self.label = torch.empty(shape, dtype=torch.uint8, device=device)
            self.depth = torch.empty(shape, dtype=torch.float16, device=device)
        except (MemoryError, RuntimeError) as error:
            raise UserError(
                f"{len(seeds)} scenes take {size / 1e9:.0f} GB of the memory of {device}, which has less; render fewer."
            ) from error
        started, done = time.time(), 0
        size = 512 if device.startswith("cuda") else 8
        for batch in batches(seeds, size, config.height, config.width, config.depth_range, device=device):
            end = done + len(batch.seeds)
            self.image[done:end], self.label[done:end] = batch.image, batch.label
            self.depth[done:end] = batch.depth.half()
            if done // 20_000 != end // 20_000 or end == len(seeds):
                log(f"rendered {end} of {len(seeds)} scenes in {time.time() - started:.0f} s")
            done = end

    def __len__(self) -> int:
        return len(self.seeds)

    def draw(self, size: int, generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
        """A random batch, half of it mirrored: image float32 in k/256, label int64, depth float32."""
        index = torch.randint(len(self), (size,), generator=generator, device=self.device)
        image, label = self.image[index].float() / 256, self.label[index].long()
        depth = self.depth[index].float()
        half = size // 2
        return (
            torch.cat([image[:half], image[half:].flip(-1)]),
            torch.cat([label[:half], label[half:].flip(-1)]),
            torch.cat([depth[:half], depth[half:].flip(-1)]),
        )

    def prior(self, classes: int) -> Prior:
        """The per-pixel prior of these scenes and their mirror images."""
        height, width = self.label.shape[1:]
        counter = PriorCounter(classes, height, width, self.device)
        for start in range(0, len(self), 2000):
            label, depth = self.label[start : start + 2000], self.depth[start : start + 2000].float()
            counter.add(label, depth)
            counter.add(label.flip(-1), depth.flip(-1))
        return counter.prior()


def dense_twin(config: ModelConfig) -> ModelConfig:
    """The same network without experts, of equal compute per token.

    An odd layer of the MoE model computes top_k experts of `expert_hidden` a token; the presets choose
    top_k * expert_hidden = dense_hidden, the width of the twin's odd layers.
    """
    return dataclasses.replace(
        config, name=f"{config.name}-dense", experts=0, moe_layers=(), expert_weights="any"
    )


def power_twin(config: ModelConfig) -> ModelConfig:
    """The same network with experts whose weights are powers of two."""
    return dataclasses.replace(config, name=f"{config.name}-powers", expert_weights=POWER_OF_TWO)


def head_twin(config: ModelConfig, top_heads: int) -> ModelConfig:
    """The same network of whose attention heads each token takes so many."""
    return dataclasses.replace(config, name=f"{config.name}-heads", top_heads=top_heads)


def learning_rate(options: TrainOptions, progress: float, step: int) -> float:
    """Linear warm-up, then half a cosine to zero; `progress` 0..1."""
    warm = min(1.0, max((step + 1) / max(options.warmup, 1), progress / WARMUP_SHARE))
    return options.learning_rate * warm * 0.5 * (1 + math.cos(math.pi * min(progress, 1.0)))


def _optimiser(model: M3ViT, options: TrainOptions) -> torch.optim.AdamW:
    """Weight decay on matrices only."""
    decay = [p for p in model.parameters() if p.ndim > 1]
    plain = [p for p in model.parameters() if p.ndim <= 1]
    groups = [{"params": decay, "weight_decay": options.weight_decay}, {"params": plain, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=options.learning_rate, betas=(0.9, 0.98), fused=decay[0].is_cuda)


def step_losses(
    model: M3ViT, image: Tensor, label: Tensor, depth: Tensor
) -> tuple[dict[str, Tensor], Tensor]:
    """Both tasks' losses on one batch, and the sum of the balance losses."""
    segmentation, distance = model(image, "segmentation"), model(image, "depth")
    metres = depth_metres(distance.maps.float(), model.config.depth_range)
    losses = {
        "segmentation": segmentation_loss(segmentation.maps.float(), label),
        "depth": depth_loss(metres, depth, label == SKY, model.config.depth_range[1]),
    }
    return losses, segmentation.balance + distance.balance


def train(
    config: ModelConfig, pool: Pool, options: TrainOptions, log: Log = print, judge: Judge | None = None
) -> tuple[M3ViT, dict[str, Any]]:
    """Trains on `pool`; returns the averaged model and the training's record.

    `judge` measures the averaged model (`evaluate`); the history shows whether its figures still move when training
    ends, and the last ones are the record's `float`.
    """
    torch.manual_seed(options.seed)
    generator = torch.Generator(pool.device).manual_seed(options.seed)
    model = M3ViT(config).to(pool.device)
    average = copy.deepcopy(model).eval().requires_grad_(False)
    optimiser = _optimiser(model, options)
    history: list[dict[str, float]] = []
    started, step, progress = time.time(), 0, 0.0
    every = max(1, min(500, options.steps // LOGGED))
    if options.mixed:
        torch.compiler.reset()  # of another model's graphs, of which few are kept
    network = torch.compile(model) if options.mixed else model
    judged, figures = 0, {}
    while progress < 1:
        for group in optimiser.param_groups:
            group["lr"] = learning_rate(options, progress, step)
        batch = pool.draw(min(options.batch, len(pool)), generator)
        with torch.autocast(torch.device(pool.device).type, torch.bfloat16, enabled=options.mixed):
            losses, balance = step_losses(cast(M3ViT, network), *batch)
        optimiser.zero_grad(set_to_none=True)
        (sum(losses.values()) + options.balance * balance).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        decay = min(options.ema, (step + 1) / (step + 10))
        with torch.no_grad():
            torch._foreach_lerp_(list(average.parameters()), list(model.parameters()), 1 - decay)
        step += 1
        progress = max(step / options.steps, (time.time() - started) / options.seconds)
        if (step - 1) % every == 0 or progress >= 1:
            history.append({"step": step - 1, **{name: round(loss.item(), 4) for name, loss in losses.items()},
                            "balance": round(balance.item(), 4)})  # fmt: skip
            if judge is not None and progress * JUDGED >= judged + 1:
                judged, figures = int(progress * JUDGED), judge(average)
                history[-1] |= {name: round(figures[name], 4) for name in ("miou", "rmse")}
            log(f"{config.name} {time.time() - started:.0f} s: {history[-1]}")
    record = {
        "model": config.name,
        "parameters": sum(p.numel() for p in model.parameters()),
        "steps": step,
        "seconds": round(time.time() - started, 1),
        "device": torch.cuda.get_device_name() if pool.device.startswith("cuda") else "cpu",
        "torch": torch.__version__.split("+")[0],
        "training_seeds": [pool.seeds.start, pool.seeds.stop],
        "options": {
            **dataclasses.asdict(options),
            "seconds": None if math.isinf(options.seconds) else options.seconds,
        },
        "history": history,
        **({"float": figures} if figures else {}),
    }
    return average, record


@torch.no_grad()
def evaluate(model: M3ViT, pool: Pool, prior: Prior) -> dict[str, Any]:
    """The float model and the prior on a pool of validation scenes."""
    classes = len(model.config.classes)
    own, yardstick = Score(classes), Score(classes)
    for start in range(0, len(pool), 64):
        image = pool.image[start : start + 64].float() / 256
        label = pool.label[start : start + 64].cpu().numpy()
        depth = pool.depth[start : start + 64].float().cpu().numpy()
        predicted = decode_segmentation(model(image, "segmentation").maps).cpu().numpy()
        metres = decode_depth(model(image, "depth").maps, model.config.depth_range).cpu().numpy()
        own.add_labels(predicted, label)
        own.add_depth(metres, depth, label)
        yardstick.add_labels(np.broadcast_to(prior.label, label.shape), label)
        yardstick.add_depth(np.broadcast_to(prior.depth, depth.shape), depth, label)
    return {
        "scenes": len(pool),
        "validation_seeds": [pool.seeds.start, pool.seeds.stop],
        "miou": own.miou,
        "iou": dict(zip(model.config.classes, own.iou, strict=True)),
        "prior_miou": yardstick.miou,
        "rmse": own.rmse,
        "prior_rmse": yardstick.rmse,
    }


def save_prior(prior: Prior, path: Path) -> None:
    """Writes the prior as .npz, for `evaluate` to compare with later."""
    file = io.BytesIO()
    np.savez_compressed(file, label=prior.label, depth=prior.depth.astype(np.float16))
    write(path, file.getvalue(), "Prior")


def _check_is_prior(path: Path) -> None:
    read_npz(path, "Prior", {"label": (None, "iu"), "depth": (None, "f")})


def _check_is_record(path: Path) -> None:
    record = parse_json(read_regular(path, "Record", 1 << 24), str(path))
    if not (isinstance(record, dict) and {"model", "steps", "history"} <= set(record)):
        raise UserError(f"{path} is no record of a training.")


ROOM_BYTES = 4 << 20
"""For the prior, the records and the headers."""


def checkpoint_name(config: ModelConfig, half: bool) -> str:
    """The file of a trained model's checkpoint; of one in halves that of its index."""
    return f"{config.name}{INDEX if half else SUFFIX}"


def check_targets(configs: list[ModelConfig], out: Path, half: bool = False) -> None:
    """UserError, before anything is rendered, if a file that training would replace isn't one that it wrote, or there
    is too little room for all.
    """
    numbers = sum(prod(shape) for config in configs for shape in state_shapes(config).values())
    room = 4 * numbers + ROOM_BYTES
    check_target(out / f"{configs[0].name}.prior.npz", "Prior", _check_is_prior)
    for config in configs:
        check_checkpoint_target(out / checkpoint_name(config, half), room)
        check_target(out / f"{config.name}.json", "Record", _check_is_record)


def check_device(name: str) -> None:
    """UserError unless torch can compute on a device of that name here."""
    try:
        torch.zeros(1, device=name).item()
    except (RuntimeError, AssertionError, NotImplementedError, ValueError) as error:
        raise UserError(
            f"torch can't compute on device {shown(name)} here ({shown(error)}); `cpu` always works, `cuda` with a GPU."
        ) from error


@torch.no_grad()
def halve(model: M3ViT) -> None:
    """Rounds the weights to what a checkpoint in float16 keeps of them."""
    for parameter in model.parameters():
        parameter.copy_(parameter.half())


def train_and_save(
    configs: list[ModelConfig],
    options: TrainOptions,
    out: Path,
    device: str | None = None,
    log: Log = print,
    half: bool = False,
) -> dict[str, dict[str, Any]]:
    """Trains models on one pool of scenes; leaves <name>.safetensors, <name>.json and <name>.prior.npz in `out`.

    half: leave float16 in shards beside <name>.safetensors.index.json instead; the record's `half` is what the rounded
    model reaches. Returns the records by name, as the .json files have them.
    """
    for config in configs:
        if not config.is_of_scenes:
            raise UserError(
                f"Model {config.name!r} can't be trained here: the scenes have labels for {' and '.join(TASKS)}, "
                f"and it answers {', '.join(config.tasks)}."
            )
    device = device or ("cuda" if torch.cuda.is_available() else "cpu")
    check_device(device)
    check_targets(configs, out, half)
    torch.set_float32_matmul_precision("high")
    pool = Pool(TRAINING[: options.scenes], configs[0], device, log)
    validation = Pool(VALIDATION[: min(options.validation, options.scenes)], configs[0], device, log)
    prior = pool.prior(len(configs[0].classes))
    save_prior(prior, out / f"{configs[0].name}.prior.npz")
    records = {}
    for config in configs:
        judge = partial(evaluate, pool=validation, prior=prior)
        model, record = train(config, pool, options, log, judge)
        log(json.dumps(record["float"], indent=1))
        if half:
            halve(model)
            record["half"] = judge(model)
        save_checkpoint(
            model, out / checkpoint_name(config, half), {k: v for k, v in record.items() if k != "history"}
        )
        write(out / f"{config.name}.json", json.dumps(record, indent=1) + "\n", "Record")
        records[config.name] = record
    return records
