"""One typesetter, one matrix view, one plot."""
