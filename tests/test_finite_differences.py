"""The reference's gradients, and NumPy's, beside SciPy's differences of the losses that they report."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.differentiate import derivative

from adapters.numpy_backend.adapter import NumpyAdapter
from tests.oracle_cases import ALL, each_network, each_of_ours, gradients, named


def assert_slope(adapter_type, case, gradient, direction):
    """The loss rises along a direction of some parameters as the gradient says."""

    @np.vectorize
    def loss(distance):
        moved = {key: case.parameters[key] + distance * value for key, value in direction.items()}
        parameters = {**case.parameters, **moved}
        return float(replace(case, parameters=parameters).start(adapter_type).train(case.batches)[0])

    slope = sum(np.vdot(gradient[key], value) for key, value in direction.items())
    assert slope == pytest.approx(float(derivative(loss, 0.0).df), rel=1e-6)


def random_direction(case):
    generator = np.random.default_rng(0)
    return {key: generator.normal(size=value.shape) for key, value in case.parameters.items()}


@each_network
@each_of_ours
def test_gradients_are_adaptive_central_differences(adapter_type, case):
    """Along a random direction, which meets every parameter."""
    assert_slope(adapter_type, case, gradients(adapter_type, case), random_direction(case))


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(
            case, marks=pytest.mark.exhaustive if case.model.layers > 1 or case.model.bidirectional else ()
        )
        for case in ALL
    ],
    ids=named,
)
def test_so_is_the_gradient_by_each_parameter_alone(case):
    """NumPy's; each time those of a single layer in one direction, as others have many parameters."""
    gradient = gradients(NumpyAdapter, case)
    for name, direction in random_direction(case).items():
        assert_slope(NumpyAdapter, case, gradient, {name: direction})
