"""The bundle: a folder that is carried to a machine without a network, and what makes, checks and installs it.

``create`` and what it uses run on a connected machine; it and ``models pull`` are the only ones that use a network.
``installer/`` is carried in the bundle, needs nothing but Python's own library, and does what ``bundle verify`` and
``bundle install`` do too.
"""
