"""The inside of an optimizer in the window."""
