"""Small parts that every room of the engine may use: random numbers, round-off, memory limits, numerical derivatives."""
