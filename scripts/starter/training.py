"""The training loop: warm-up, a constant rate, a decay at the end; checkpoints that a later run goes on from.

What a step computes is fetched from a GPU now and then only, so that the next batch is made meanwhile.
"""

from __future__ import annotations

import math
import threading
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
from starter.muon import Muon
from starter.network import Network, Shape, grown

MATRIX_RATE = 1.5e-3  # peak, of the matrices between layers
OTHER_RATE = 1.5e-3
LAST_RATE_SHARE = 0.03
WARM_UP_STEPS = 150
WEIGHT_DECAY = 0.02
LARGEST_GRADIENT = 1.0
# Processors without AMX multiply bfloat16 no faster: one with AVX512_BF16 alone needed 1.7 times as long for it.
FAST_BFLOAT16 = bool(torch.cpu.get_capabilities().get("amx_bf16", False))
AVERAGING = 0.995  # of the weights over the steps: the average is what is exported
SHOWN_EVERY = 50  # steps


@dataclass(slots=True)
class Progress:
    """How far a training is: what a checkpoint holds beside weights and the optimizers' states."""

    steps: int = 0
    tokens: int = 0
    examples: int = 0
    seconds: float = 0.0
    loss: float = 0.0
    accuracy: float = 0.0


@dataclass(frozen=True, slots=True)
class Schedule:
    """How long a training goes on, counting what was done before; the rate falls over the last ``decay_share``.

    It ends with its tokens, or sooner with its time. ``peak`` is a factor of the rates: less than 1 for a network that
    was trained already.
    """

    total_tokens: float
    decay_share: float
    peak: float = 1.0
    total_seconds: float = math.inf

    def left(self, progress: Progress) -> float:
        """Return the share of the training that is still to come."""
        return max(0.0, 1.0 - max(progress.tokens / self.total_tokens, progress.seconds / self.total_seconds))

    def rate(self, progress: Progress) -> float:
        """Return the share of the peak rate that the next step gets."""
        warm = min(1.0, (progress.steps + 1) / WARM_UP_STEPS)
        return self.peak * warm * max(LAST_RATE_SHARE, min(1.0, self.left(progress) / self.decay_share))


def fast_dtype(device: str) -> torch.dtype:
    """Return what a device multiplies fastest."""
    return torch.bfloat16 if device == "cuda" or FAST_BFLOAT16 else torch.float32


def predict(network: Network, tokens: Tensor) -> Tensor:
    """Return the logits of all tokens but the first, in bfloat16 where the machine multiplies it faster."""
    kind = tokens.device.type
    with torch.autocast(kind, torch.bfloat16, enabled=fast_dtype(kind) == torch.bfloat16):
        logits: Tensor = network(tokens[:, :-1])
    return logits


def weighted_loss(network: Network, tokens: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
    """Return the mean loss by weight, and how many fully weighted tokens are predicted rightly, and how many are."""
    logits = predict(network, tokens).flatten(0, 1)
    targets, weights = tokens[:, 1:].flatten(), weights[:, 1:].flatten()
    losses = functional.cross_entropy(logits.float(), targets, reduction="none")
    full = weights >= 1.0
    right = (logits.argmax(-1) == targets) & full
    return (losses * weights).sum() / weights.sum(), torch.stack((right.sum(), full.sum()))


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
        # Half as fast again on a CPU, for a minute once. A GPU is fast enough without; PyTorch 2.11 fails there.
        self._loss, self._missed = weighted_loss, missed
        if device == "cpu":
            self._loss, self._missed = torch.compile(weighted_loss, dynamic=True), torch.compile(missed, dynamic=True)
        self.averaged = deepcopy(network)
        self.progress = Progress()
        self._sums = torch.zeros(4, device=device)  # of losses, steps, tokens predicted rightly, tokens
        inner = {name for name, weight in network.named_parameters() if name.startswith("blk.") and weight.dim() == 2}
        hidden = [weight for name, weight in network.named_parameters() if name in inner]
        other = [weight for name, weight in network.named_parameters() if name not in inner]
        # Muon learns matrices between layers in far fewer steps than AdamW does.
        muon = Muon(hidden, MATRIX_RATE, WEIGHT_DECAY, fast_dtype(device))
        adam = torch.optim.AdamW(other, lr=OTHER_RATE, weight_decay=0.0, betas=(0.9, 0.98), fused=True)
        self.optimizers: list[tuple[torch.optim.Optimizer, float]] = [(muon, MATRIX_RATE), (adam, OTHER_RATE)]

    def step(self, tokens: Tensor, weights: Tensor, schedule: Schedule) -> None:
        """Learn from one batch."""
        for optimizer, peak in self.optimizers:
            for group in optimizer.param_groups:
                group["lr"] = peak * schedule.rate(self.progress)
        loss, counts = self._loss(self.network, self._there(tokens), self._there(weights))
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), LARGEST_GRADIENT)
        for optimizer, _ in self.optimizers:
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        with torch.no_grad():
            torch._foreach_lerp_(list(self.averaged.parameters()), list(self.network.parameters()), 1 - AVERAGING)
            self._sums += torch.cat((torch.stack((loss, torch.ones_like(loss))), counts))
        self.progress.steps += 1
        self.progress.tokens += tokens.numel()

    def show(self) -> None:
        """Put the mean loss and the share of right tokens since the last time into the progress."""
        loss, steps, right, full = self._sums.tolist()
        self.progress.loss, self.progress.accuracy = loss / max(steps, 1.0), right / max(full, 1.0)
        self._sums.zero_()

    def _there(self, tensor: Tensor) -> Tensor:
        """Return a tensor on the device, without waiting for what a GPU still does."""
        return tensor.pin_memory().to(self.device, non_blocking=True) if self.device == "cuda" else tensor

    def missed(self, tokens: Tensor, weights: Tensor) -> Tensor:
        """Return which examples the averaged network does not get right yet."""
        missed: Tensor = self._missed(self.averaged, self._there(tokens), self._there(weights))
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
    trainer: Trainer,
    batches: Batches,
    schedule: Schedule,
    keep: Callable[[], None],
    *,
    keep_every_s: float,
    stop: threading.Event,
) -> None:
    """Train until the schedule is at its end, or ``stop`` is set; call ``keep`` now and then; print the progress."""
    progress = trainer.progress
    first_example, first_second, tokens_before = progress.examples, progress.seconds, progress.tokens
    started = kept = time.monotonic()
    for tokens, weights in batches:
        trainer.step(tokens, weights, schedule)
        now = time.monotonic()
        progress.examples, progress.seconds = first_example + batches.examples_taken, first_second + now - started
        if progress.steps % SHOWN_EVERY == 0:
            trainer.show()
            speed = (progress.tokens - tokens_before) / (now - started)
            print(_line(progress, speed), f" missed {batches.share_missed:.1%}", flush=True)
        if now - kept > keep_every_s:
            keep()
            kept = now
        if stop.is_set() or not schedule.left(progress):
            break


def _line(progress: Progress, tokens_per_second: float) -> str:
    seen = f"{time.strftime('%H:%M:%S')} step {progress.steps}  {progress.tokens / 1e6:.2f} M tokens"
    return f"{seen}  loss {progress.loss:.4f}  right {progress.accuracy:.2%}  {tokens_per_second:.0f} tokens/s"
