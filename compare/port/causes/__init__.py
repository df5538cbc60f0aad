"""Typical mistakes made on purpose: the one that reproduces what came is the cause."""
