"""What loops that people write without an adapter have in common: they train, and nothing else."""

from adapters.interface import Adapter, Array, UnsupportedSpec


class NativeLoop(Adapter):
    """A framework's own training loop, timed beside the adapters; nothing is proven of its losses."""

    def _predict(self, inputs: Array, lengths: Array | None) -> Array:
        raise UnsupportedSpec("predict: a native loop only trains")

    def parameters(self) -> dict[str, Array]:
        raise UnsupportedSpec("parameters: a native loop only trains")
