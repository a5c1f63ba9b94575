"""Read-outs of predictions: of classes (`classification`) and of numbers (`regression`). NumPy alone: both processes import them."""
