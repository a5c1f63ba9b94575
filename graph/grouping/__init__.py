"""Groups as views of the flat graph, and where nodes are placed."""
