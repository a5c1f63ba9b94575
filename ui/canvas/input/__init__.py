"""Mouse, keys and commands on the model."""
