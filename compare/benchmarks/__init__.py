"""Adapters against the loops that people write; sweeps; threads."""
