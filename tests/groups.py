"""Which tests share a process: those of one framework, so that it is imported in one only."""

from functools import cache

import pytest

from adapters import VARIANTS, declaration, default_names

OWN_PROCESS = ("keras-torch", "keras-jax")
"""Adapters that share no process with other tests of their framework: it has one backend of Keras."""

IN_PROCESS = tuple(name for name in (*default_names(), *VARIANTS) if name not in OWN_PROCESS)
"""All others that ship."""

COMPLETE = tuple(name for name in IN_PROCESS if name != "keras-tensorflow")
"""Those that refuse no spec: a refusal by one of them is a failure."""


def of_framework(framework):
    """A mark for tests that import this framework."""
    return pytest.mark.xdist_group(framework)


@cache
def framework_of(name):
    """What an adapter imports; its file is read, which takes milliseconds, once for all tests of it."""
    return declaration(name).distribution


def each_adapter(names, marks=()):
    """Parameters for a test that runs once for each adapter, beside the others of its framework."""
    return [pytest.param(name, marks=(of_framework(framework_of(name)), *marks), id=name) for name in names]
