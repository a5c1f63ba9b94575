"""From a Graph to a Program and its traces. Holds no state."""
