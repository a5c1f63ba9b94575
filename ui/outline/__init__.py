"""The document as a tree."""
