"""Bytes to graphs and back: files, archives, the journal, the clipboard, and the document that has a file."""
