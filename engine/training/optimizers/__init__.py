"""How parameters are changed: each optimizer is one file here, with its settings, its equations and its step. No torch at import.

`registry` finds them. To add one, put a file beside the others that declares a subclass of `base.Optimizer` with a `key`.
"""
