"""Typical mistakes in learning rates that change, each made on purpose in the reference.

The `cause` of each is what a person reads in the message of a failed check.
"""

from adapters.conformance.reference import Reference
from adapters.interface import Array, Sgd, rate_at


class ScheduleOneLate(Reference):
    cause = "the schedule looks one update late: the first update has the number 0"

    def rate(self) -> float:
        return rate_at(self.spec.optimizer.learning_rate, max(0, self.updates - 1))


class ScheduleOneEarly(Reference):
    cause = "the schedule looks one update early: the first update has the number 0"

    def rate(self) -> float:
        return rate_at(self.spec.optimizer.learning_rate, self.updates + 1)


class ScheduleByBatches(Reference):
    cause = "the schedule looks to count batches: it counts updates, of which a batch may have several"

    def rate(self) -> float:
        return rate_at(self.spec.optimizer.learning_rate, self.updates // len(self.spans))


class VelocityOfSteps(Reference):
    cause = (
        "the velocity looks to hold steps at old rates, as Keras' does: it holds gradients, "
        "and all of it goes with the rate of the update"
    )

    def update(self, gradient: dict[str, Array]) -> None:
        rate = super().rate() if self.by_sgd() else 1.0
        super().update({name: rate * value for name, value in gradient.items()})

    def rate(self) -> float:
        return 1.0 if self.by_sgd() else super().rate()

    def by_sgd(self) -> bool:
        return type(self.spec.optimizer) is Sgd


RATE_MISTAKES: tuple[type[Reference], ...] = (
    ScheduleOneLate,
    ScheduleOneEarly,
    ScheduleByBatches,
    VelocityOfSteps,
)
