"""A model in NumPy, the mistakes that are typically made in one, and which of them reproduce what came."""
