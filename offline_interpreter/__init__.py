"""Offline Interpreter: a local model writes Python, a local IPython shell runs it, no network is used."""

__version__ = "0.1.0"
