"""The graph as a program of its own."""
