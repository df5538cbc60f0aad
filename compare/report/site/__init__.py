"""What a site over many runs says of each, and of all together."""
