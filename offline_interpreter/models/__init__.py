"""Models: which are known, and where their files are."""
