"""Training on a GPU: the gradient of every update is captured once, and then replayed as one CUDA graph.

A model as small as these keeps a GPU busy for less time than Python takes to launch its kernels one by one.
"""

from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor

from adapters.interface import Array, ModelSpec, Span, TrainSpec
from adapters.torch_backend.autograd import AutogradTrainer
from adapters.torch_backend.layers import Layer
from adapters.torch_backend.network import States
from adapters.torch_backend.readout import Batch


class Captured(NamedTuple):
    """A batch and first states that stay where they are; for every update the graph that leaves its gradient.

    `losses` are those before each update, summed over the batch, once its graph was replayed.
    """

    batch: Batch
    states: States
    graphs: list[torch.cuda.CUDAGraph]
    losses: list[Tensor]


class CapturedTrainer(AutogradTrainer):
    """As `AutogradTrainer`, each gradient replayed; what depends on an update's number is done in between."""

    def __init__(
        self,
        model: ModelSpec,
        train: TrainSpec,
        parameters: Mapping[str, Array],
        device: torch.device,
        *,
        layer: Layer,
    ) -> None:
        super().__init__(model, train, parameters, device, layer=layer)
        self._captured: dict[tuple[int, ...], Captured] = {}

    def train_batch(self, batch: Batch, spans: tuple[Span, ...], losses: Tensor) -> None:
        shape = tuple(batch.inputs.shape)
        if shape not in self._captured:
            self._captured[shape] = self._capture(batch, spans)
        captured = self._captured[shape]
        for kept, new in zip(tensors(captured.batch), tensors(batch), strict=True):
            kept.copy_(new)
        for update, (graph, loss) in enumerate(zip(captured.graphs, captured.losses, strict=True)):
            graph.replay()
            losses[update] = loss
            self.parameters.update()

    def _capture(self, batch: Batch, spans: tuple[Span, ...]) -> Captured:
        """Nothing is updated: libraries are warmed up on another stream, and a capture computes nothing."""
        aside = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        aside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(aside):
            states = self._network.zero_states(batch.inputs)
            for span in spans:
                _, states = self._gradient(batch, span, states)
        torch.cuda.current_stream().wait_stream(aside)
        states = self._network.zero_states(batch.inputs)
        captured = Captured(batch=batch, states=states, graphs=[], losses=[])
        for span in spans:
            graph = torch.cuda.CUDAGraph()
            pool = captured.graphs[0].pool() if captured.graphs else None
            with torch.cuda.graph(graph, pool=pool):
                loss, states = self._gradient(batch, span, states)
            captured.graphs.append(graph)
            captured.losses.append(loss)
        return captured


def tensors(batch: Batch) -> list[Tensor]:
    """Those of a batch."""
    return [each for each in (batch.inputs, batch.targets, batch.lengths) if each is not None]
