"""Train the built-in starter model from nothing but this repository and write it as a GGUF file.

    python scripts/train_starter.py                       # from the start, about an hour on two cores
    python scripts/train_starter.py --resume-from FILE    # go on from a checkpoint, or from a GGUF that it wrote
    python scripts/train_starter.py --vocabulary          # learn the pieces of words anew (before a new training)

Needs the extras ``data`` and ``train``. Checkpoints lie outside of the clone and are never needed to use the model.
"""

from __future__ import annotations

import argparse
import ctypes
import math
import os
import shutil
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
GGUF_FILE = ROOT / "offline_interpreter" / "data" / "starter.gguf"
CACHE = Path.home() / ".cache" / "offline-interpreter" / "train"
VOCABULARY_SAMPLES = 2000
M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4  # of mallopt(3)


def main() -> None:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tokens", type=float, default=30e6, help="tokens to train with in all, resumed ones counted")
    parser.add_argument(
        "--minutes", type=float, default=math.inf, help="to train in all, where they end before the tokens"
    )
    parser.add_argument("--decay-share", type=float, default=0.3, help="of the training: over the last, the rate falls")
    parser.add_argument("--rate", type=float, default=1.0, metavar="FACTOR", help="of the rates that a new one gets")
    parser.add_argument("--batch-tokens", type=int, default=6144)
    parser.add_argument(
        "--known", type=float, default=0.05, metavar="SHARE", help="of known examples, to learn from too"
    )
    parser.add_argument("--times", type=int, default=2, help="that an example comes which the network got wrong")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--layers", type=int, default=4, help="a network that is resumed gets more of them, never less")
    parser.add_argument("--more", action="append", default=[], metavar="FAMILY=FACTOR", help="of its share, repeatable")
    parser.add_argument("--workers", type=int, metavar="N", help="processes that generate; as many as a GPU can use")
    parser.add_argument("--resume-from", type=Path, metavar="FILE")
    parser.add_argument("--cache", type=Path, default=CACHE, help="folder of checkpoints")
    parser.add_argument("--keep-every", type=float, default=180, metavar="SECONDS")
    parser.add_argument("--out", type=Path, default=GGUF_FILE)
    parser.add_argument("--vocabulary", action="store_true", help="learn vocabulary.txt anew and stop")
    options = parser.parse_args()
    if options.vocabulary:
        learn_vocabulary_file()
    else:
        train_model(options)


def learn_vocabulary_file() -> None:
    """Write ``vocabulary.txt`` from the word list and from generated conversations."""
    from starter.sessions import talk
    from starter.tokenizer import VOCABULARY_FILE
    from starter.vocabulary import learn_vocabulary

    def texts(seed: int) -> list[str]:
        conversation = talk(seed, held_out=False, requests=1, window=2000, count=len)
        return [message.text for turn in conversation.turns for message in turn.messages]

    pieces = learn_vocabulary(text for seed in range(VOCABULARY_SAMPLES) for text in texts(-1 - seed))
    VOCABULARY_FILE.write_text("\n".join(pieces) + "\n", encoding="utf-8")


def train_model(options: argparse.Namespace) -> None:
    """Train, keep checkpoints in the cache folder, and write the model at the end."""
    # Threads that spin while they wait for one another lose four fifths of the speed as soon as other work goes on.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "100000")  # it prepares itself once for each shape
    os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", str(options.cache / "compiled"))
    keep_memory()
    import torch
    from starter.batches import Batches, Choice, Source
    from starter.export import write_model, write_vocabulary
    from starter.tokenizer import Pieces, read_vocabulary
    from starter.training import Schedule, resume, train

    options.cache.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(options.seed)
    torch.set_flush_denormal(True)  # sharp attention makes tiny numbers, which processors multiply very slowly
    pieces = Pieces(read_vocabulary())
    write_vocabulary(options.cache / "vocabulary.gguf", pieces)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    if options.resume_from:
        trainer = resume(options.resume_from, options.layers, device)
    else:
        trainer = new_trainer(len(pieces), options, device)

    def keep() -> None:
        trainer.save(options.cache / "checkpoint.pt")
        write_model(options.cache / "starter.gguf", trainer.averaged, pieces)

    source = Source(
        options.cache / "vocabulary.gguf",
        trainer.network.shape.context,
        options.seed * 10**9 + trainer.progress.examples,
        more=factors(options.more),
        workers=options.workers or (1 if device == "cpu" else max(1, (os.cpu_count() or 2) - 1)),
    )
    choice = Choice(options.batch_tokens, options.known, options.times)
    schedule = Schedule(options.tokens, options.decay_share, options.rate, options.minutes * 60)
    stop = threading.Event()
    for ending in (signal.SIGTERM, signal.SIGINT):
        signal.signal(ending, lambda *_: stop.set())
    with Batches(source, choice, trainer.missed) as batches:
        train(trainer, batches, schedule, keep, keep_every_s=options.keep_every, stop=stop)
    keep()
    if stop.is_set():
        sys.exit("Stopped; --resume-from goes on from here.")
    shutil.copy(options.cache / "starter.gguf", options.out)
    print(f"Wrote {options.out} ({options.out.stat().st_size / 1e6:.1f} MB).")


def factors(texts: Sequence[str]) -> dict[str, float]:
    """Return the factors of families that were given as ``FAMILY=FACTOR``."""
    from starter.sessions import FAMILIES

    pairs = [text.rpartition("=")[::2] for text in texts]
    for family, _ in pairs:
        if family not in FAMILIES:
            sys.exit(f"There is no family {family!r}. The families are: {', '.join(FAMILIES)}.")
    return {family: float(factor) for family, factor in pairs}


def keep_memory() -> None:
    """Let the C library keep what is freed: getting it anew from the system in each step takes a tenth of the time."""
    if sys.platform == "linux":
        libc = ctypes.CDLL(None)
        libc.mallopt(M_MMAP_MAX, 0)
        libc.mallopt(M_TRIM_THRESHOLD, -1)


def new_trainer(vocabulary: int, options: argparse.Namespace, device: str):
    """Return a trainer of a network that copies and knows nothing else."""
    from starter.copying import set_copying_heads
    from starter.network import Network, Shape
    from starter.training import Trainer

    network = Network(Shape(vocabulary, layers=options.layers))
    set_copying_heads(network, options.seed)
    return Trainer(network, device)


if __name__ == "__main__":
    main()
