"""The kernel: the child process that runs cells, and the host's side of it."""
