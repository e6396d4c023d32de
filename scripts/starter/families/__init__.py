"""The families of requests: one module per family, each with ``NAME`` and ``make(situation) -> Task``.

A family holds its phrasings (those to train with, those kept for evaluation), its code, its answers and its truths.
"""
