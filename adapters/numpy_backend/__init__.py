"""NumPy, from scratch."""
