"""What panels and features may know of the window around them, and what they declare to be part of it."""
