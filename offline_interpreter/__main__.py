"""``python -m offline_interpreter`` is the command."""

from offline_interpreter.cli.main import main

if __name__ == "__main__":
    main()
