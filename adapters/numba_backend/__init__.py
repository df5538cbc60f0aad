"""Numba: cells from scratch, as compiled loops."""
