"""Hidden numbers to be predicted, and planted faults to be found."""
