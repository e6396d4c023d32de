"""Whether this program can work on this machine, and proof that it leaves the network alone.

Each check gives findings (``findings``); ``checks`` has all of them in the order in which they are read. ``airgap``
runs a turn under a watch of its system calls (``watch``). Nothing here prints, and nothing is repaired.
"""
