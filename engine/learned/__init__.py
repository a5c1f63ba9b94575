"""What a network has learned, as numbers: evaluated on any rows, on a plane, sample by sample."""
