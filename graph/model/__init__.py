"""Documents as values: nodes, edges, edits with their inverse, history."""
