"""How parameters are changed: `specs` declares each optimizer once (no torch), `run` makes the steps."""
