"""The training loop: warm-up, a constant rate, a decay at the end; checkpoints that a later run goes on from."""

from __future__ import annotations

import time
from collections.abc import Callable
from copy import deepcopy
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from starter.batches import Batches
from starter.export import read_network
from starter.network import Network, Shape, grown

MATRIX_RATE = 1.5e-3  # peak, of the matrices between layers
OTHER_RATE = 1.5e-3
LAST_RATE_SHARE = 0.03
WARM_UP_STEPS = 150
WEIGHT_DECAY = 0.02
LARGEST_GRADIENT = 1.0
SMOOTHING = 0.98
# Processors without AMX multiply bfloat16 no faster: one with AVX512_BF16 alone needed 1.7 times as long for it.
FAST_BFLOAT16 = bool(torch.cpu.get_capabilities().get("amx_bf16", False))
AVERAGING = 0.995  # of the weights over the steps: the average is what is exported


@dataclass(slots=True)
class Progress:
    """How far a training is: what a checkpoint holds beside weights and the optimizers' states."""

    steps: int = 0
    tokens: int = 0
    examples: int = 0
    loss: float = 0.0
    accuracy: float = 0.0


@dataclass(frozen=True, slots=True)
class Schedule:
    """How long a training goes on, counting what was seen before; the rate falls over the last ``decay_share``.

    ``peak`` is a factor of the rates: less than 1 for a network that was trained already.
    """

    total_tokens: int
    decay_share: float
    peak: float = 1.0

    def rate(self, progress: Progress) -> float:
        """Return the share of the peak rate that the next step gets."""
        warm = min(1.0, (progress.steps + 1) / WARM_UP_STEPS)
        left = max(0.0, 1.0 - progress.tokens / self.total_tokens)
        return self.peak * warm * max(LAST_RATE_SHARE, min(1.0, left / self.decay_share))


def predict(network: Network, tokens: Tensor) -> Tensor:
    """Return the logits of all tokens but the first, in bfloat16 where the machine multiplies it faster."""
    kind = tokens.device.type
    with torch.autocast(kind, torch.bfloat16, enabled=kind == "cuda" or FAST_BFLOAT16):
        logits: Tensor = network(tokens[:, :-1])
    return logits


def weighted_loss(network: Network, tokens: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
    """Return the mean loss by weight, and the share of fully weighted tokens whose prediction is right."""
    logits = predict(network, tokens).flatten(0, 1)
    targets, weights = tokens[:, 1:].flatten(), weights[:, 1:].flatten()
    losses = functional.cross_entropy(logits.float(), targets, reduction="none")
    full = weights >= 1.0
    right = ((logits.argmax(-1) == targets) & full).sum() / full.sum()
    return (losses * weights).sum() / weights.sum(), right


@torch.no_grad()
def missed(network: Network, tokens: Tensor, weights: Tensor) -> Tensor:
    """Return for each example whether any fully weighted token is predicted wrongly, or there is none."""
    predicted = predict(network, tokens).argmax(-1)
    full = weights[:, 1:] >= 1.0
    return ((predicted != tokens[:, 1:]) & full).any(1) | ~full.any(1)


class Trainer:
    """A network, the average of its weights over the last steps, its optimizers and its progress."""

    def __init__(self, network: Network, device: str) -> None:
        self.device = device
        self.network = network = network.to(device)
        # Half as fast again as one operation after the other; takes a minute once.
        self._loss = torch.compile(weighted_loss, dynamic=True)
        self._missed = torch.compile(missed, dynamic=True)
        self.averaged = deepcopy(network)
        self.progress = Progress()
        inner = {name for name, weight in network.named_parameters() if name.startswith("blk.") and weight.dim() == 2}
        hidden = [weight for name, weight in network.named_parameters() if name in inner]
        other = [weight for name, weight in network.named_parameters() if name not in inner]
        # Muon learns matrices between layers in far fewer steps than AdamW does.
        muon = torch.optim.Muon(hidden, lr=MATRIX_RATE, weight_decay=WEIGHT_DECAY, adjust_lr_fn="match_rms_adamw")
        adam = torch.optim.AdamW(other, lr=OTHER_RATE, weight_decay=0.0, betas=(0.9, 0.98), fused=True)
        self.optimizers: list[tuple[torch.optim.Optimizer, float]] = [(muon, MATRIX_RATE), (adam, OTHER_RATE)]

    def step(self, tokens: Tensor, weights: Tensor, schedule: Schedule) -> None:
        """Learn from one batch."""
        for optimizer, peak in self.optimizers:
            for group in optimizer.param_groups:
                group["lr"] = peak * schedule.rate(self.progress)
        loss, right = self._loss(self.network, tokens.to(self.device), weights.to(self.device))
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), LARGEST_GRADIENT)
        for optimizer, _ in self.optimizers:
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        with torch.no_grad():
            torch._foreach_lerp_(list(self.averaged.parameters()), list(self.network.parameters()), 1 - AVERAGING)
        progress = self.progress
        keep = SMOOTHING if progress.steps else 0.0
        progress.loss = keep * progress.loss + (1 - keep) * loss.item()
        if right == right:  # a batch of nothing but copies has no share  # noqa: PLR0124
            progress.accuracy = keep * progress.accuracy + (1 - keep) * right.item()
        progress.steps += 1
        progress.tokens += tokens.numel()

    def missed(self, tokens: Tensor, weights: Tensor) -> Tensor:
        """Return which examples the averaged network does not get right yet."""
        missed: Tensor = self._missed(self.averaged, tokens.to(self.device), weights.to(self.device))
        return missed

    def save(self, path: Path) -> None:
        """Write a checkpoint, whole or not at all."""
        state = {
            "shape": asdict(self.network.shape),
            "network": self.network.state_dict(),
            "averaged": self.averaged.state_dict(),
            "optimizers": [optimizer.state_dict() for optimizer, _ in self.optimizers],
            "progress": asdict(self.progress),
        }
        part = path.with_suffix(".part")
        torch.save(state, part)
        part.replace(path)


def resume(path: Path, layers: int, device: str) -> Trainer:
    """Return the trainer that a checkpoint holds, or a new one with the weights of a GGUF file that was exported.

    A network of fewer layers is given more: then the optimizers begin anew.
    """
    if path.suffix == ".gguf":
        return Trainer(grown(read_network(path), layers), device)
    state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    network = Network(Shape(**state["shape"]))
    network.load_state_dict(state["network"])
    if network.shape.layers < layers:
        trainer = Trainer(grown(network, layers), device)
        trainer.progress = Progress(tokens=state["progress"]["tokens"], examples=state["progress"]["examples"])
        return trainer
    trainer = Trainer(network, device)
    trainer.averaged.load_state_dict(state.get("averaged", state["network"]))
    for (optimizer, _), saved in zip(trainer.optimizers, state["optimizers"], strict=True):
        optimizer.load_state_dict(saved)
    trainer.progress = Progress(**state["progress"])
    return trainer


def train(
    trainer: Trainer, batches: Batches, schedule: Schedule, keep: Callable[[], None], keep_every_s: float
) -> None:
    """Train until all tokens of the schedule were seen; call ``keep`` now and then; print the progress."""
    first_example = trainer.progress.examples
    started, kept, tokens_before = time.monotonic(), time.monotonic(), trainer.progress.tokens
    for tokens, weights in batches:
        trainer.step(tokens, weights, schedule)
        trainer.progress.examples = first_example + batches.examples_taken
        now = time.monotonic()
        if trainer.progress.steps % 50 == 0:
            speed = (trainer.progress.tokens - tokens_before) / (now - started)
            print(_line(trainer.progress, speed), f" kept {batches.share_kept:.0%}", flush=True)
        if now - kept > keep_every_s:
            keep()
            kept = now
        if trainer.progress.tokens >= schedule.total_tokens:
            break


def _line(progress: Progress, tokens_per_second: float) -> str:
    seen = f"{time.strftime('%H:%M:%S')} step {progress.steps}  {progress.tokens / 1e6:.2f} M tokens"
    return f"{seen}  loss {progress.loss:.4f}  right {progress.accuracy:.2%}  {tokens_per_second:.0f} tokens/s"
