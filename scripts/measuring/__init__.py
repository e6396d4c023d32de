"""What the measurements are made of; see ``scripts/measure_engine.py`` and ``scripts/measure_kernel.py``."""
