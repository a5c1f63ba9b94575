"""The objective as a function of numbers: its slopes, its curvature, and what follows from them."""
