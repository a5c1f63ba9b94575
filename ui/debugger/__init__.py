"""Stepping through passes and iterations, with breakpoints."""
