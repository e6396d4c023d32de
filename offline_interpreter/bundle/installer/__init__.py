"""The part of the program that is carried in a bundle as it is: it checks the bundle and installs it.

Its modules import Python's own library and each other, nothing else, so that they run from a read-only medium on a
machine that has no more than Python. Linux only.
"""
