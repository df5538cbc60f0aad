"""A block of plain data in, records out."""
