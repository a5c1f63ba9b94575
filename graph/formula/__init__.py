"""Text to graphs and back: formulas, numbers, LaTeX."""
