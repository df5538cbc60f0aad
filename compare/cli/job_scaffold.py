"""`new job NAME`: a job's file to fill in, and data with which it runs at once."""

from pathlib import Path

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined
from numpy.random import PCG64, Generator

from compare.cli.scaffold import check_name, write_new
from compare.errors import UsageError
from tasks import registered

HOURS = 1200


def scaffold_job(name: str) -> list[Path]:
    """Write the files into the current folder; return their paths.

    Raises: UsageError for a name that is none or that a task has, and where a file is there already.
    """
    check_name(name)
    if name in registered():
        raise UsageError(f"NAME is {name!r}: a task of this name is there already: choose another")
    environment = Environment(
        loader=PackageLoader("compare.cli.scaffold"),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        autoescape=False,  # the file is TOML; a name is an identifier
    )
    texts = {
        Path(f"{name}.toml"): environment.get_template("job.toml.jinja").render(name=name),
        Path(f"{name}.csv"): _hours(),
    }
    for path in texts:
        if path.exists():
            raise UsageError(f"{path} is there already, and nothing is overwritten: choose another NAME")
    for path, text in texts.items():
        write_new(path, text)
    return [*texts]


def _hours() -> str:
    """Fifty days of a load that follows the hour and the temperature, computed: a line an hour."""
    generator, hours = Generator(PCG64(0)), np.arange(HOURS)
    times = np.datetime64("2026-01-01T00") + hours
    weather = 3 * np.sin(2 * np.pi * hours / (9 * 24)) + 0.3 * generator.normal(size=HOURS)
    temperature = 5 + 4 * np.sin(2 * np.pi * (hours - 9) / 24) + weather
    load = (
        900
        + 120 * np.sin(2 * np.pi * (hours - 7) / 24)
        - 15 * temperature
        + 10 * generator.normal(size=HOURS)
    )
    rows = zip(times, load, temperature, strict=True)
    return "time,load,temperature\n" + "".join(f"{t},{a:.1f},{b:.2f}\n" for t, a, b in rows)
