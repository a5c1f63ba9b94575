"""Opening a layer into elementary nodes, and folding it back."""
