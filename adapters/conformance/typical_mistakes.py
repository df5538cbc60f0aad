"""Typical mistakes, each made on purpose in the reference: one that gives the same answers is the cause."""

from adapters.conformance.mistakes_in_cells import CELL_MISTAKES
from adapters.conformance.mistakes_in_losses import LOSS_MISTAKES
from adapters.conformance.mistakes_in_networks import NETWORK_MISTAKES
from adapters.conformance.mistakes_in_rates import RATE_MISTAKES
from adapters.conformance.mistakes_in_updates import UPDATE_MISTAKES

TYPICAL_MISTAKES = (*CELL_MISTAKES, *NETWORK_MISTAKES, *LOSS_MISTAKES, *RATE_MISTAKES, *UPDATE_MISTAKES)
