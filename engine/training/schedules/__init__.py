"""Schedules of the learning rate, a file each: how the rate follows from the step or the epoch."""
