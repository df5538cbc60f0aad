"""Whether adapters train in lockstep."""
