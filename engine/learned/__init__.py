"""What a network has learned: predictions and what follows from them, as plain data. Torch is needed only where they are made."""
