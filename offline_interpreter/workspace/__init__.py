"""The workspace: the folder that cells work in."""
