"""What the canvas shows, without Qt events."""
