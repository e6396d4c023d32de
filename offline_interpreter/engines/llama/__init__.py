"""The in-process llama.cpp engine. Its modules are imported one by one: some need neither llama.cpp nor NumPy.

loader      a file → Weights (vocabulary, template, grammar), shared in the process
template    roles → the text around contents          vocabulary  text ↔ tokens
tokens      messages → tokens, append-only            context     tokens → logits, what the cache holds
grammar     schema → what may follow                  sampling    logits → a token
gbnf        the same without llguidance               gbnf_text   schema → llama.cpp's grammar
drafts      what may come next, by what came before   prefixes    what was evaluated, on disk
loop        one reply                                 engine      all of it, as ``engines.base.Engine``
binding     llama.cpp itself, and its log             machine     cores and memory
"""
