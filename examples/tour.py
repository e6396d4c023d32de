"""Ask the starter model about the example data, from the first request to the last, and say how many were answered.

The data is copied to a temporary folder first. Exits with 1 when a turn ended without an answer.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from offline_interpreter import Interpreter

DATA = Path(__file__).parent / "data"

CONVERSATIONS = (
    ("What is 37 * 481?", "And 18 % of 2450?"),
    ("How many rows does sales.csv have?", "What is the total revenue in sales.csv?"),
    ("What are the columns of weather.csv?",),
    ("What is the average temperature in weather.csv by city?",),
    ("What is the highest salary in staff.csv?",),
    ("Draw a bar chart of revenue by region from sales.csv",),
    ("Increase 1,200 by 7.5%",),
    ("Who painted the Mona Lisa?",),
)


def main() -> int:
    """Hold each conversation in a session of its own; return the exit code."""
    asked = answered = 0
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(DATA, folder, dirs_exist_ok=True)
        for requests in CONVERSATIONS:
            with Interpreter(workspace=Path(folder), auto_run=True) as interpreter:
                for request in requests:
                    print(f"> {request}", flush=True)
                    messages = interpreter.chat(request)
                    asked += 1
                    answered += messages[-1]["role"] == "assistant" and messages[-1]["type"] == "message"
    print(f"\n{answered} of {asked} requests were answered.")
    return 0 if answered == asked else 1


if __name__ == "__main__":
    sys.exit(main())
