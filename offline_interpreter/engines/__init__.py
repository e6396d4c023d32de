"""Engines: messages in, tokens out. ``base`` says what an engine is; each other module is one."""
