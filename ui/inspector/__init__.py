"""The page of the selected node and the document's settings."""
