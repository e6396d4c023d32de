"""Ask the starter model requests that it never met, through the whole line, and print how many it solves.

    python scripts/evaluate_starter.py                      # some minutes; exit code 1 below what is required
    python scripts/evaluate_starter.py --model FILE.gguf --per-family 50 --show-failures

Phrasings, names and files are those kept from training. Needs the extra ``data``.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))


def main() -> int:
    """Evaluate; return 0 when the share that was required is reached."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="starter", help="a GGUF to judge instead of the built-in one")
    parser.add_argument("--per-family", type=int, default=25, metavar="N")
    parser.add_argument("--require", type=float, default=0.95, metavar="SHARE", help="of all requests")
    parser.add_argument("--require-each", type=float, default=0.85, metavar="SHARE", help="of each family's requests")
    parser.add_argument("--family", action="append", help="only this family (may be repeated)")
    parser.add_argument("--show-failures", action="store_true")
    options = parser.parse_args()
    os.environ["MPLBACKEND"] = "agg"
    with tempfile.TemporaryDirectory(prefix="starter-state-") as state:
        os.environ["OFFLINE_INTERPRETER_STATE"] = state
        return evaluate(options)


def evaluate(options: argparse.Namespace) -> int:
    """Judge all conversations, print the table, return the exit code."""
    from starter.evaluation import conversations, judge_conversation, reached, report
    from starter.sessions import FAMILIES

    from offline_interpreter.api import load_engine
    from offline_interpreter.config import Options

    engine = load_engine(Options(model=options.model))
    verdicts = []
    for family in options.family or FAMILIES:
        for conversation in conversations(family, options.per_family, engine):
            verdicts += judge_conversation(conversation, engine)
        print(f"{family}: done", file=sys.stderr)
    engine.close()
    if options.show_failures:
        for verdict in (verdict for verdict in verdicts if not verdict.solved):
            print(f"{verdict.family}: {verdict.request}\n  cells: {verdict.cells}")
            print(f"  said: {verdict.answer}\n  not: {verdict.reference}")
    print(report(verdicts))
    return 0 if reached(verdicts, options.require, options.require_each) else 1


if __name__ == "__main__":
    sys.exit(main())
