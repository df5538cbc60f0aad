"""Tasks from a TOML file and the user's own data, and tasks of which some fields are changed."""
