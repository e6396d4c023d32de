"""The Muon optimizer for many small matrices: those of one shape are computed together.

Muon (Jordan and others, 2024, https://kellerjordan.github.io/posts/muon/) steps along the momentum made orthogonal,
here scaled so that its entries are about as large as AdamW's (Liu and others, 2025, https://arxiv.org/abs/2502.16982).
``torch.optim.Muon`` does the same to one matrix after the other, which a GPU waits for most of the time.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

MOMENTUM = 0.95
ITERATIONS = 5
COEFFICIENTS = (3.4445, -4.775, 2.0315)  # of the quintic iteration: the source's
LIKE_ADAMW = 0.2  # times the root of the larger dimension: the root mean square of an AdamW step
TINY = 1e-7


class Muon(torch.optim.Optimizer):
    """For the matrices between layers. Each of them needs a gradient at each step."""

    def __init__(self, matrices: Iterable[Tensor], lr: float, weight_decay: float, dtype: torch.dtype) -> None:
        super().__init__(list(matrices), {"lr": lr, "weight_decay": weight_decay})
        self._dtype = dtype

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:
        """Change the matrices by their gradients."""
        for group in self.param_groups:
            for matrices in _of_one_shape(group["params"]):
                self._change(matrices, group["lr"], group["weight_decay"])

    def _change(self, matrices: list[Tensor], rate: float, weight_decay: float) -> None:
        gradients = [matrix.grad for matrix in matrices]
        for matrix in matrices:
            if "momentum_buffer" not in self.state[matrix]:
                self.state[matrix]["momentum_buffer"] = torch.zeros_like(matrix)
        momenta = [self.state[matrix]["momentum_buffer"] for matrix in matrices]
        torch._foreach_lerp_(momenta, gradients, 1 - MOMENTUM)
        ahead = torch.stack(torch._foreach_lerp(gradients, momenta, MOMENTUM))
        rows, columns = ahead.shape[1:]
        steps = orthogonal(ahead.to(self._dtype)).to(ahead.dtype)
        torch._foreach_mul_(matrices, 1 - rate * weight_decay)
        torch._foreach_add_(matrices, list(steps.unbind()), alpha=-rate * LIKE_ADAMW * max(rows, columns) ** 0.5)


def _of_one_shape(matrices: Iterable[Tensor]) -> Iterable[list[Tensor]]:
    shapes: dict[torch.Size, list[Tensor]] = {}
    for matrix in matrices:
        shapes.setdefault(matrix.shape, []).append(matrix)
    return shapes.values()


def orthogonal(matrices: Tensor) -> Tensor:
    """Return each matrix of the batch with all singular values brought near 1, by a Newton-Schulz iteration."""
    high = matrices.shape[-2] > matrices.shape[-1]
    x = matrices.mT if high else matrices
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + TINY)
    a, b, c = COEFFICIENTS
    for _ in range(ITERATIONS):
        squared = x @ x.mT
        x = a * x + (b * squared + c * squared @ squared) @ x
    return x.mT if high else x
