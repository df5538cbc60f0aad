"""Settings of update rules, one table: the mistake that another value is, and what other values are tried."""

from collections.abc import Sequence
from dataclasses import dataclass

from compare.port.records.rules import Rule

ALL = ("sgd", "rmsprop", "adam")


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSetting:
    """A field of a rule; `told` says whether a user sets it, so that it can be told before anything runs."""

    field: str
    slug: str
    kinds: Sequence[str]
    values: Sequence[object]
    told: bool = True

    def others(self, rule: Rule) -> list[object]:
        """The values that are tried in place of a rule's own."""
        return [value for value in self.values if value != getattr(rule, self.field)]

    def slug_in(self, kind: str) -> str:
        """What another value of it is called in rules of a kind."""
        return "rmsprop-form" if kind == "rmsprop" and self.field == "epsilon_place" else self.slug


BOTH = (False, True)
PLACES = ("after the bias correction", "before the bias correction", "inside the root")
CLIPS = (None, "value", "norm", "norm + 1e-6", "norm of each array")

RULE_SETTINGS = (
    RuleSetting(field="learning_rate", slug="learning-rate", kinds=ALL, values=()),
    RuleSetting(field="schedule", slug="schedule", kinds=ALL, values=()),
    RuleSetting(
        field="momentum", slug="momentum", kinds=("sgd", "rmsprop"),
        values=(0.0, 0.9, 0.5, 0.8, 0.95, 0.99),
    ),
    RuleSetting(field="dampening", slug="momentum", kinds=("sgd",), values=(0.0, 0.1, 0.5, 0.9)),
    RuleSetting(field="nesterov", slug="momentum", kinds=("sgd", "adam"), values=BOTH),
    RuleSetting(
        field="velocity", slug="momentum", kinds=("sgd", "rmsprop"), values=("of moves", "of gradients"),
        told=False,
    ),
    RuleSetting(field="beta1", slug="betas", kinds=("adam",), values=(0.9, 0.95, 0.99, 0.8, 0.5, 0.0)),
    RuleSetting(
        field="beta2", slug="betas", kinds=("adam",), values=(0.999, 0.99, 0.95, 0.9, 0.98, 0.9999)
    ),
    RuleSetting(field="amsgrad", slug="betas", kinds=("adam",), values=BOTH),
    RuleSetting(field="bias_correction", slug="betas", kinds=("adam",), values=BOTH, told=False),
    RuleSetting(
        field="decay", slug="rmsprop-form", kinds=("rmsprop",), values=(0.9, 0.99, 0.95, 0.999)
    ),
    RuleSetting(field="centered", slug="rmsprop-form", kinds=("rmsprop",), values=BOTH),
    RuleSetting(
        field="epsilon", slug="epsilon-value", kinds=("rmsprop", "adam"),
        values=(1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-10, 0.0),
    ),
    RuleSetting(
        field="epsilon_place", slug="epsilon-place", kinds=("rmsprop", "adam"), values=PLACES, told=False
    ),
    RuleSetting(
        field="weight_decay", slug="weight-decay", kinds=ALL,
        values=(0.0, 1e-4, 1e-3, 1e-2, 0.1, 5e-4, 5e-3, 0.05, 4e-3),
    ),
    RuleSetting(field="coupled", slug="weight-decay", kinds=ALL, values=BOTH),
    RuleSetting(field="clip", slug="clip", kinds=ALL, values=CLIPS),
    RuleSetting(
        field="clip_limit", slug="clip", kinds=ALL, values=(1.0, 0.1, 0.5, 5.0, 10.0, 0.01, 0.05, 0.25, 2.0)
    ),
)  # fmt: skip
"""A new mistake of this kind is one entry: it is tried, found and put in words from here."""
