"""A job that tells the class of a sequence, or of each of its steps."""

import numpy as np

from compare.jobs.job import Job, predictions
from compare.jobs.prepared import ClassesManifest
from compare.jobs.scores import class_scores, confusion
from tasks.interface import Dataset, Evaluation, Metric, Predict


class ClassifyJob(Job):
    """The class of each held-out sequence or step; naive is the one that is most frequent in training."""

    @property
    def _manifest(self) -> ClassesManifest:
        assert isinstance(self.opened.manifest, ClassesManifest)
        return self.opened.manifest

    def sentence(self) -> str:
        found = self._manifest
        what = "each step" if found.every_step else "a sequence"
        return (
            f"{self.network}: which of "
            f"{len(found.classes)} classes {what} belongs to. "
            f"Naive is the class that is most frequent in training, {found.classes[found.majority]}."
        )

    def judged_by(self) -> tuple[Metric, ...]:
        naive, targets = self._manifest.accuracy_majority, self.opened.file.targets
        return (
            Metric(name="accuracy", better="higher", unit="%", target=targets.get("accuracy"), naive=naive),
            Metric(name="macro_f1", better="higher", unit="%", target=targets.get("macro_f1")),
            Metric(name="cross_entropy", better="lower", unit="nats", target=targets.get("cross_entropy")),
        )

    def evaluate(self, predict: Predict, dataset: Dataset) -> Evaluation:
        found, lengths = self._manifest, dataset.held_out_lengths
        logits, targets = [], []
        parts = predictions(
            predict, dataset.held_out_inputs, lengths, np.arange(len(dataset.held_out_inputs))
        )
        for places, outputs in parts:
            wanted = dataset.held_out_targets[places]
            read = np.ones(wanted.shape, bool)
            if wanted.ndim == 2 and lengths is not None:
                read = np.arange(wanted.shape[1]) < lengths[places][:, np.newaxis]
            logits.append(outputs[read])
            targets.append(wanted[read])
        scores = class_scores(np.concatenate(logits), np.concatenate(targets))
        return Evaluation(
            metrics={
                "accuracy": scores.accuracy,
                "macro_f1": scores.macro_f1,
                "cross_entropy": scores.cross_entropy,
                "accuracy_majority": found.accuracy_majority,
            },
            picture=confusion(scores.counts, found.classes),
        )
