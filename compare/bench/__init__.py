"""Benchmarks: adapters against the loops that people write without one, and time against size."""
