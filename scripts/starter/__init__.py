"""How the built-in starter model is made: generator, tokenizer, network, training, export, evaluation.

Used by ``scripts/train_starter.py``, ``scripts/evaluate_starter.py`` and the tests only; the package that runs never
imports it.
"""
