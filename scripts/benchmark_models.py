"""Compare models: the script form of ``offline-interpreter bench run``, with the same options.

python scripts/benchmark_models.py --models starter,MODEL.gguf --out runs/first
python scripts/benchmark_models.py --help
"""

from __future__ import annotations

import sys

from offline_interpreter.cli.main import main

if __name__ == "__main__":
    sys.argv[1:1] = ["bench", "run"]
    main()
