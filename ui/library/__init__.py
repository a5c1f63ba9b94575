"""The list of node types."""
