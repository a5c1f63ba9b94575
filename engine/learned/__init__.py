"""What a network has learned: predictions, and what follows from them. Questions and jobs as plain data; torch only where they are answered."""
