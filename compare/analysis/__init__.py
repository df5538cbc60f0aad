"""From the records of a run to what can be said of it."""
