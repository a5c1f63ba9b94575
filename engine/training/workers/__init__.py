"""Several processes that make the steps of one run together, each with its own rows of every mini-batch."""
