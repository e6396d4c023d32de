"""The confinement of cells by the operating system: on the host ``plan`` and ``tiers``, in the child ``launcher``."""
