"""What the measurements of the engine are made of; see ``scripts/measure_engine.py``."""
