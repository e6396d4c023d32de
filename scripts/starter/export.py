"""Writes the network and the tokenizer as a GGUF file that llama.cpp loads, and reads the weights back.

Matrices are stored as Q8_0, norms as 32-bit floats.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import gguf
import numpy as np
import torch
from gguf import GGMLQuantizationType, GGUFReader, GGUFWriter
from gguf.quants import dequantize, quantize

from starter.network import Network, Shape
from starter.tokenizer import CHAT_TEMPLATE, END, START, UNKNOWN, Pieces

NAME = "Offline Interpreter starter"
DESCRIPTION = "Trained from nothing on dialogues that its own repository generates; see docs/starter.md."


def write_vocabulary(path: Path, pieces: Pieces) -> None:
    """Write a file without weights: enough for llama.cpp to tokenise with."""
    writer = GGUFWriter(path, "llama")
    _add_tokenizer(writer, pieces)
    _finish(writer)


def write_model(path: Path, network: Network, pieces: Pieces) -> None:
    """Write the whole model."""
    writer = GGUFWriter(path, "llama")
    _add_shape(writer, network.shape)
    _add_tokenizer(writer, pieces)
    for name, tensor in network.state_dict().items():
        values = tensor.float().cpu().numpy()
        if values.ndim == 1:
            writer.add_tensor(name, values)
        else:
            packed = quantize(values, GGMLQuantizationType.Q8_0)
            writer.add_tensor(name, packed, raw_dtype=GGMLQuantizationType.Q8_0)
    _finish(writer)


def _add_shape(writer: GGUFWriter, shape: Shape) -> None:
    writer.add_name(NAME)
    writer.add_description(DESCRIPTION)
    writer.add_license("mit")
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_Q8_0)
    writer.add_vocab_size(shape.vocabulary)
    writer.add_context_length(shape.context)
    writer.add_embedding_length(shape.width)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(shape.hidden)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.heads)
    writer.add_rope_dimension_count(shape.head_width)
    writer.add_rope_freq_base(shape.rotary_base)
    writer.add_layer_norm_rms_eps(shape.norm_epsilon)


def _add_tokenizer(writer: GGUFWriter, pieces: Pieces) -> None:
    writer.add_tokenizer_model("llama")
    writer.add_tokenizer_pre("default")
    writer.add_token_list(pieces.texts)
    writer.add_token_scores(pieces.scores)
    writer.add_token_types(pieces.types)
    writer.add_unk_token_id(UNKNOWN)
    writer.add_bos_token_id(START)
    writer.add_eos_token_id(END)
    writer.add_eot_token_id(END)
    writer.add_add_bos_token(False)
    writer.add_add_space_prefix(False)
    writer.add_chat_template(CHAT_TEMPLATE)


def _finish(writer: GGUFWriter) -> None:
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def read_network(path: Path) -> Network:
    """Return the network of a file that ``write_model`` wrote, as llama.cpp sees it."""
    tensors = {tensor.name: tensor for tensor in GGUFReader(path).tensors}
    layers = 1 + max(int(name.split(".")[1]) for name in tensors if name.startswith("blk."))
    network = Network(replace(Shape(len(tensors["token_embd.weight"].data)), layers=layers))
    state = {}
    for name, current in network.state_dict().items():
        values = dequantize(tensors[name].data, tensors[name].tensor_type)
        state[name] = torch.from_numpy(np.array(values)).reshape(current.shape)
    network.load_state_dict(state)
    return network
