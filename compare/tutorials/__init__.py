"""The tutorials' own programs, run on every adapter and held against what was published."""
