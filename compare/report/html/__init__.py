"""The report as one interactive HTML file that needs no other, and no network."""
