"""Sets the first two layers by hand at the start, so that the network copies before it has learned anything.

Copying of names and numbers is the hard part of the task: from a plain start it does not emerge in millions of tokens.
Three heads of layer 0 look one, two and three tokens back and write what stands there; heads of layer 1 look for the
place in the text whose three forerunners are the last three tokens, and write what stood there ("induction"). The
stream is divided: what a token is, what its forerunners were, and what comes next. Training goes on from there and
keeps nothing of it by force.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from starter.network import Network, rotary_frequencies

IDENTITY = slice(0, 95)  # of the stream: what the token is
CONSTANT = 95  # of the stream: always on; heads that look at positions only need it
FORERUNNER_WIDTH = 32
FORERUNNERS = tuple(slice(start, start + FORERUNNER_WIDTH) for start in (96, 128, 160))
NEXT = slice(192, 256)  # of the stream: what is going to come; the output matrix reads here
FAST_PAIRS = 16  # pairs that tell positions apart; the others compare contents

IDENTITY_SIZE = 0.3
CONSTANT_SIZE = 0.6
POSITION_SHARPNESS = 12.0  # score between the position meant and its neighbors
MATCH_SCORE = 7.0  # of one equal forerunner
MATCH_WEIGHTS = ((1.0, 0.7, 0.0), (1.0, 1.0, 1.0), (1.0, 1.0, 0.6))  # per head: how much each forerunner counts


def set_copying_heads(network: Network, seed: int = 0) -> None:
    """Overwrite embeddings, output matrix and the heads of the first two layers. Needs width 256 and 4 heads."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        _set_embeddings(network, generator)
        identity_to_forerunner = _orthogonal(FORERUNNER_WIDTH, 95, generator)
        for back in (1, 2, 3):
            _set_looking_back(network, back, identity_to_forerunner)
        _set_induction(network, identity_to_forerunner, generator)


def _orthogonal(rows: int, columns: int, generator: torch.Generator) -> Tensor:
    return torch.linalg.qr(torch.randn(columns, rows, generator=generator)).Q.T


def _set_embeddings(network: Network, generator: torch.Generator) -> None:
    embeddings, output = network.token_embd.weight, network.output.weight
    identities = torch.randn(embeddings.shape[0], 95, generator=generator) * IDENTITY_SIZE
    embeddings.normal_(std=0.01, generator=generator)
    embeddings[:, IDENTITY] = identities
    embeddings[:, CONSTANT] = CONSTANT_SIZE
    output.normal_(std=0.01, generator=generator)
    output[:, NEXT] += 0.5 * identities @ _next_projection().T


def _next_projection() -> Tensor:
    return _orthogonal(64, 95, torch.Generator().manual_seed(1))


def _stream_scale(parts: int) -> float:
    """Return what the norm multiplies with when ``parts`` entries are at IDENTITY_SIZE, and the constant is on."""
    return math.sqrt(256 / (parts * IDENTITY_SIZE**2 + CONSTANT_SIZE**2))


def _set_looking_back(network: Network, back: int, identity_to_forerunner: Tensor) -> None:
    layer, width = network.blk[0], network.shape.head_width
    rows = slice((back - 1) * width, back * width)
    frequencies = rotary_frequencies(network.shape)[:FAST_PAIRS].float()
    gap = (1 - frequencies.cos()).sum()
    scale = _stream_scale(95)
    strength = (POSITION_SHARPNESS * width**0.5 / gap).sqrt() / (scale * CONSTANT_SIZE)
    for weights, angles in ((layer.attn_q.weight, 0 * frequencies), (layer.attn_k.weight, frequencies * back)):
        weights[rows] = 0
        weights[rows, CONSTANT][0 : 2 * FAST_PAIRS : 2] = strength * angles.cos()
        weights[rows, CONSTANT][1 : 2 * FAST_PAIRS : 2] = strength * angles.sin()
    layer.attn_v.weight[rows] = 0
    layer.attn_v.weight[rows, IDENTITY][:FORERUNNER_WIDTH] = identity_to_forerunner / scale
    layer.attn_output.weight[:, rows] = 0
    layer.attn_output.weight[FORERUNNERS[back - 1], rows][:, :FORERUNNER_WIDTH] = torch.eye(FORERUNNER_WIDTH)


def _set_induction(network: Network, identity_to_forerunner: Tensor, generator: torch.Generator) -> None:
    layer, width = network.blk[1], network.shape.head_width
    scale = _stream_scale(95 + 96)
    unit = FORERUNNER_WIDTH * (IDENTITY_SIZE * scale) ** 2  # what two equal forerunners give before scaling
    strength = (MATCH_SCORE * width**0.5 / unit) ** 0.5
    for head, match_weights in enumerate(MATCH_WEIGHTS):
        rows = slice(head * width, (head + 1) * width)
        for part in (layer.attn_q, layer.attn_k, layer.attn_v):
            part.weight[rows] = 0
        queries = layer.attn_q.weight[rows][2 * FAST_PAIRS :]
        keys = layer.attn_k.weight[rows][2 * FAST_PAIRS :]
        for back, share in enumerate(match_weights):
            mixing = _orthogonal(FORERUNNER_WIDTH, FORERUNNER_WIDTH, generator) * strength * share**0.5
            if back == 0:
                queries[:, IDENTITY] += mixing @ identity_to_forerunner
            else:
                queries[:, FORERUNNERS[back - 1]] += mixing
            keys[:, FORERUNNERS[back]] += mixing
        layer.attn_v.weight[rows, IDENTITY] = _next_projection() / scale
        layer.attn_output.weight[:, rows] = 0
        layer.attn_output.weight[NEXT, rows] = torch.eye(width) * 1.0
