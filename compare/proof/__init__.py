"""Whether adapters do the same: the conformance suite run on them, and lockstep proven in float64."""
