"""A user's program in each framework, seen through one interface."""
