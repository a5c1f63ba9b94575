"""Words that messages are made of."""
