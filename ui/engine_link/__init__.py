"""The only importer of the engine's kernel."""
