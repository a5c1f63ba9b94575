"""State, steps, measurements: what changes while a network learns."""
