"""The network in PyTorch: a small decoder of the ``llama`` architecture, equal to what llama.cpp computes.

Rotary pairs are interleaved, as in llama.cpp, so that weights are exported as they are. The output matrix is not tied
to the embeddings: see ``copying`` for why.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn
from torch.nn import functional


@dataclass(frozen=True, slots=True)
class Shape:
    """The sizes of a network. All widths divide by 32, the block of the Q8_0 format."""

    vocabulary: int
    width: int = 256
    layers: int = 4
    heads: int = 4
    hidden: int = 768
    context: int = 2048
    rotary_base: float = 1e8  # so that pairs 16 to 31 of 32 hardly turn within the context: they compare contents
    norm_epsilon: float = 1e-5

    @property
    def head_width(self) -> int:
        """Numbers per head."""
        return self.width // self.heads


class Layer(nn.Module):
    """Attention and a gated feed-forward part, each added to the stream."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.heads = shape.heads
        self.attn_norm = nn.RMSNorm(shape.width, eps=shape.norm_epsilon)
        self.attn_q = nn.Linear(shape.width, shape.width, bias=False)
        self.attn_k = nn.Linear(shape.width, shape.width, bias=False)
        self.attn_v = nn.Linear(shape.width, shape.width, bias=False)
        self.attn_output = nn.Linear(shape.width, shape.width, bias=False)
        self.ffn_norm = nn.RMSNorm(shape.width, eps=shape.norm_epsilon)
        self.ffn_gate = nn.Linear(shape.width, shape.hidden, bias=False)
        self.ffn_up = nn.Linear(shape.width, shape.hidden, bias=False)
        self.ffn_down = nn.Linear(shape.hidden, shape.width, bias=False)

    def forward(self, stream: Tensor, cosines: Tensor, sines: Tensor, later: Tensor) -> Tensor:
        """Return the stream (batch, time, width) after this layer."""
        stream = stream + self.attend(self.attn_norm(stream), cosines, sines, later)
        x = self.ffn_norm(stream)
        return stream + self.ffn_down(functional.silu(self.ffn_gate(x)) * self.ffn_up(x))

    def attend(self, x: Tensor, cosines: Tensor, sines: Tensor, later: Tensor) -> Tensor:
        """Return what the heads write. PyTorch's own attention is faster on a GPU and slower on a CPU."""
        batch, time, width = x.shape

        def split(values: Tensor) -> Tensor:
            return values.view(batch, time, self.heads, width // self.heads).transpose(1, 2)

        queries, keys = (turn(split(part(x)), cosines, sines) for part in (self.attn_q, self.attn_k))
        values = split(self.attn_v(x))
        if x.is_cuda:
            read = functional.scaled_dot_product_attention(queries, keys, values, is_causal=True)
        else:
            scores = (queries @ keys.transpose(-1, -2)).float() * (width // self.heads) ** -0.5
            read = scores.masked_fill(later, -1e9).softmax(-1).to(values.dtype) @ values
        return self.attn_output(read.transpose(1, 2).reshape(batch, time, width))


def turn(values: Tensor, cosines: Tensor, sines: Tensor) -> Tensor:
    """Rotate each pair of neighbors by its position's angle."""
    even, odd = values[..., 0::2], values[..., 1::2]
    turned = torch.stack((even * cosines - odd * sines, even * sines + odd * cosines), dim=-1)
    return turned.flatten(-2).to(values.dtype)


class Network(nn.Module):
    """Tokens (batch, time) in, logits (batch, time, vocabulary) out."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.token_embd = nn.Embedding(shape.vocabulary, shape.width)
        self.blk = nn.ModuleList(Layer(shape) for _ in range(shape.layers))
        self.output_norm = nn.RMSNorm(shape.width, eps=shape.norm_epsilon)
        self.output = nn.Linear(shape.width, shape.vocabulary, bias=False)
        angles = rotary_angles(shape)
        self.register_buffer("cosines", angles.cos(), persistent=False)
        self.register_buffer("sines", angles.sin(), persistent=False)
        self._initialize()

    def _initialize(self) -> None:
        for name, weight in self.named_parameters():
            if weight.dim() == 2:
                deep = name.endswith(("attn_output.weight", "ffn_down.weight"))
                nn.init.normal_(weight, std=0.02 / (2 * self.shape.layers) ** 0.5 if deep else 0.02)

    def forward(self, tokens: Tensor) -> Tensor:
        """Return the logits of what follows each token."""
        time = tokens.shape[1]
        cosines, sines = self.get_buffer("cosines")[:time], self.get_buffer("sines")[:time]
        positions = torch.arange(time, device=tokens.device)
        later = positions[:, None] < positions[None, :]
        stream = self.token_embd(tokens)
        for layer in self.blk:
            stream = layer(stream, cosines, sines, later)
        logits: Tensor = self.output(self.output_norm(stream))
        return logits


def grown(network: Network, layers: int) -> Network:
    """Return the network with more layers at its end, which write nothing yet: it computes what it did."""
    if network.shape.layers >= layers:
        return network
    larger = Network(replace(network.shape, layers=layers))
    larger.load_state_dict(network.state_dict(), strict=False)
    with torch.no_grad():
        for layer in larger.blk[network.shape.layers :]:
            layer.attn_output.weight.zero_()
            layer.ffn_down.weight.zero_()
    return larger


def rotary_frequencies(shape: Shape) -> Tensor:
    """Return the angle per position of each rotary pair."""
    pairs = torch.arange(0, shape.head_width, 2, dtype=torch.float64)
    return shape.rotary_base ** (-pairs / shape.head_width)


def rotary_angles(shape: Shape) -> Tensor:
    """Return the angles (position, pair) of all positions of the context."""
    return torch.outer(torch.arange(shape.context, dtype=torch.float64), rotary_frequencies(shape)).float()
