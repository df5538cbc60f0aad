"""Weights in one layout for all frameworks, and which layer is whose counterpart."""
