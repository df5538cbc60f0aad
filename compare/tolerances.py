"""How many updates lockstep is shown over, and how far apart two adapters may be."""

UPDATES = 200
FLOAT64_BAND = 1e-10
GRADIENT_BAND = 1e-6
FLOAT32_BAND = 2e-3
FLOOR = 1e-3
"""Below this part of the largest magnitude there is no smaller scale to be relative to."""
