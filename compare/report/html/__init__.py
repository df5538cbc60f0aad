"""Reports for a browser: one run in one file, and a site over many; neither needs a network."""
