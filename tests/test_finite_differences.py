"""The reference's gradients, and NumPy's, beside SciPy's differences of the losses that they report."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.differentiate import derivative

from tests.oracle_cases import each_network, each_of_ours, gradients


@each_network
@each_of_ours
def test_gradients_are_adaptive_central_differences(adapter_type, case):
    """Along a random direction, which meets every parameter."""
    gradient, generator = gradients(adapter_type, case), np.random.default_rng(0)
    direction = {key: generator.normal(size=value.shape) for key, value in case.parameters.items()}

    @np.vectorize
    def loss(distance):
        moved = {key: case.parameters[key] + distance * direction[key] for key in direction}
        return float(replace(case, parameters=moved).start(adapter_type).train(case.batches)[0])

    slope = sum(np.vdot(gradient[key], direction[key]) for key in direction)
    assert slope == pytest.approx(float(derivative(loss, 0.0).df), rel=1e-6)
