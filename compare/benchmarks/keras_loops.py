"""Keras as its users write it: a compiled model and `fit`."""

from collections.abc import Mapping
from typing import Any, ClassVar

import keras

from adapters.interface import Declaration, ModelSpec
from compare.benchmarks.keras_fit import PADDING, FitLoop
from compare.benchmarks.native_loop import (
    CLASSIFICATION,
    ClassifiesByLastState,
    ForecastsEveryStep,
    ForecastsOneValue,
    ReadsUnlikeLengths,
)


class Fit(FitLoop, ClassifiesByLastState):
    """`keras.layers.LSTM` and Keras' Adam."""

    declaration = Declaration(
        distribution="tensorflow",
        variables={
            "TF_NUM_INTRAOP_THREADS": "{threads}",
            "TF_NUM_INTEROP_THREADS": "{threads}",
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "TF_FORCE_GPU_ALLOW_GROWTH": "true",
        },
        devices=("cpu", "cuda"),
        cells=("lstm",),
        optimizers=("adam",),
        dtypes=("float32",),
    )


class GruFit(FitLoop, ClassifiesByLastState):
    """`keras.layers.GRU` in the same way: two biases a gate are trained, where the contract has one."""

    declaration = Declaration(
        distribution="tensorflow",
        variables={
            "TF_NUM_INTRAOP_THREADS": "{threads}",
            "TF_NUM_INTEROP_THREADS": "{threads}",
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "TF_FORCE_GPU_ALLOW_GROWTH": "true",
        },
        devices=("cpu", "cuda"),
        cells=("gru",),
        resets=("after",),
        optimizers=("adam",),
        dtypes=("float32",),
    )
    fixed: ClassVar[Mapping[str, object]] = {"cell": "gru", **CLASSIFICATION}

    def _layers(self, model: ModelSpec) -> list[Any]:
        return [keras.layers.GRU(model.hidden, use_bias=model.bias)]


class StackedFit(FitLoop, ClassifiesByLastState):
    """Two `keras.layers.Bidirectional` LSTMs, one upon the other."""

    declaration = Declaration(
        distribution="tensorflow",
        variables={
            "TF_NUM_INTRAOP_THREADS": "{threads}",
            "TF_NUM_INTEROP_THREADS": "{threads}",
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "TF_FORCE_GPU_ALLOW_GROWTH": "true",
        },
        devices=("cpu", "cuda"),
        cells=("lstm",),
        optimizers=("adam",),
        dtypes=("float32",),
        features=("layers", "bidirectional"),
    )
    fixed: ClassVar[Mapping[str, object]] = {
        "cell": "lstm",
        "layers": 2,
        "bidirectional": True,
        **CLASSIFICATION,
    }

    def _layers(self, model: ModelSpec) -> list[Any]:
        return [
            keras.layers.Bidirectional(
                keras.layers.LSTM(model.hidden, use_bias=model.bias, return_sequences=below)
            )
            for below in (True, False)
        ]


class ForecastFit(FitLoop, ForecastsOneValue):
    """`keras.layers.LSTM`, its last state read out as a value."""

    declaration = Declaration(
        distribution="tensorflow",
        variables={
            "TF_NUM_INTRAOP_THREADS": "{threads}",
            "TF_NUM_INTEROP_THREADS": "{threads}",
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "TF_FORCE_GPU_ALLOW_GROWTH": "true",
        },
        devices=("cpu", "cuda"),
        cells=("lstm",),
        optimizers=("adam",),
        dtypes=("float32",),
    )


class MaskedGruFit(FitLoop, ReadsUnlikeLengths):
    """`keras.layers.Masking` and `GRU`; epsilon stands under the root of Keras' RMSprop."""

    declaration = Declaration(
        distribution="tensorflow",
        variables={
            "TF_NUM_INTRAOP_THREADS": "{threads}",
            "TF_NUM_INTEROP_THREADS": "{threads}",
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "TF_FORCE_GPU_ALLOW_GROWTH": "true",
        },
        devices=("cpu", "cuda"),
        cells=("gru",),
        resets=("after",),
        optimizers=("rmsprop",),
        schedules=("cosine",),
        features=("lengths", "clip_norm"),
        dtypes=("float32",),
    )

    def _layers(self, model: ModelSpec) -> list[Any]:
        return [keras.layers.Masking(PADDING), keras.layers.GRU(model.hidden, use_bias=model.bias)]


class EveryStepFit(FitLoop, ForecastsEveryStep):
    """Two `keras.layers.GRU`, read out at every step, under Keras' AdamW."""

    declaration = Declaration(
        distribution="tensorflow",
        variables={
            "TF_NUM_INTRAOP_THREADS": "{threads}",
            "TF_NUM_INTEROP_THREADS": "{threads}",
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "TF_FORCE_GPU_ALLOW_GROWTH": "true",
        },
        devices=("cpu", "cuda"),
        cells=("gru",),
        resets=("after",),
        optimizers=("adamw",),
        schedules=("cosine",),
        features=("layers",),
        dtypes=("float32",),
    )

    def _layers(self, model: ModelSpec) -> list[Any]:
        return [
            keras.layers.GRU(model.hidden, use_bias=model.bias, return_sequences=True)
            for _ in range(model.layers)
        ]
