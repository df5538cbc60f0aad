"""What a run leaves on disk, as frozen types."""
