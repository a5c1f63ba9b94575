"""Programs and texts that a graph can be written as, one file each; see `engine.export.registry`."""
