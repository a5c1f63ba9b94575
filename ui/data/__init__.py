"""The page of data sets."""
