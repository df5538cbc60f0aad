"""A stored run that lacks something is reported as far as it goes, or refused in one line."""

import json
from pathlib import Path

import pytest

from compare.errors import UsageError
from compare.storage.results import open_run

STORED = json.loads((Path(__file__).parents[1] / "reports" / "reference" / "results.json").read_text())
TUTORIALS = STORED["tutorials"]


GAPS = {
    "metric": ("runs", "online-sine", lambda run: run["outcome"]["metrics"].pop("rmse"), "lacks rmse"),
    "metrics": ("runs", "corrected-settings", lambda run: run["outcome"]["metrics"].clear(), "lacks loss,"),
    "printed": ("runs", "published-rule", lambda run: run["outcome"]["printed"].clear(), "printed nothing"),
    "line": (
        "runs",
        "row-wise-mnist",
        lambda run: run["outcome"]["printed"][0]["values"].clear(),
        "lacks loss",
    ),
    "plot": ("runs", "correct-gradient", lambda run: run["outcome"].pop("forecast"), "has no forecast"),
    "points": (
        "runs",
        "online-sine",
        lambda run: run["outcome"]["forecast"]["x"].pop(),
        "a forecast has 19 x",
    ),
    "published": ("recipes", "published-rule", lambda recipe: recipe["published"].pop("rmse"), "lacks rmse"),
    "zero": ("recipes", "correct-gradient", lambda recipe: recipe["zero"].update(rmse=0), "holds a zero"),
    "starts": ("recipes", "published-rule", lambda recipe: recipe["untrained"].clear(), "none untrained"),
}


@pytest.mark.parametrize(("kind", "recipe", "spoil", "says"), GAPS.values(), ids=GAPS)
def test_tutorials_with_a_gap_are_refused_in_one_line(kind, recipe, spoil, says, tmp_path):
    tutorials = json.loads(json.dumps(TUTORIALS))
    spoil(next(part for part in tutorials[kind] if recipe in (part.get("recipe"), part.get("name"))))
    path = tmp_path / "results.json"
    path.write_text(json.dumps({**STORED, "runs": [], "tutorials": tutorials}))
    with pytest.raises(UsageError) as refusal:
        open_run(tmp_path)
    assert str(refusal.value).startswith(f"{path}: not the results of a run: ")
    assert says in str(refusal.value)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda tasks: tasks.pop(), "life-expectancy is missing, and there are runs of it"),
        (lambda tasks: tasks.append(tasks[0]), "sine-online stands there twice"),
        (lambda tasks: tasks[0]["metrics"].clear(), "sine-online has no metrics"),
    ],
    ids=["missing", "twice", "unmeasured"],
)
def test_tasks_with_a_gap_are_refused_in_one_line(spoil, says, tmp_path):
    stored = json.loads(json.dumps(STORED))
    spoil(stored["tasks"])
    (tmp_path / "results.json").write_text(json.dumps(stored))
    with pytest.raises(UsageError, match=f"not the results of a run: tasks: {says}$"):
        open_run(tmp_path)
